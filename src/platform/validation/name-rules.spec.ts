import 'reflect-metadata';
import { IsEmailAddress } from './name-rules';
import { toValid } from './request-validation.pipe';

class AddressDto {
  @IsEmailAddress()
  email: string;
}

describe('an e-mail address', () => {
  it('is folded', () => {
    expect(toValid(AddressDto, { email: 'Ada@Example.org' })).toEqual({ email: 'ada@example.org' });
  });

  it.each(['ada', '\ud800@example.org', 'ada@\udc00.org', '\ud800', 7, null])('is rejected: %j', (email) => {
    const errors = [{ pointer: '/email', detail: expect.any(String) }];
    expect(() => toValid(AddressDto, { email })).toThrow(
      expect.objectContaining({ code: 'validation-failed', fields: expect.objectContaining({ errors }) }),
    );
  });
});
