import 'reflect-metadata';
import { IsInt, IsString, Min, ValidateIf, ValidateNested } from 'class-validator';
import { IsId, IsListOfIds, Optional, Removable } from './field-rules';
import { compileQuickCheck } from './quick-check';

class NamedDto {
  @IsString()
  name: string;
}
class CountedDto extends NamedDto {
  @Optional()
  @IsInt()
  @Min(1)
  count?: number;

  @Removable()
  @IsString()
  note?: string | null;

  @Optional()
  @IsListOfIds(2)
  ids?: string[];
}
class ParentDto {
  @ValidateNested()
  child: NamedDto;
}
class ConditionalDto extends NamedDto {
  @ValidateIf((dto: { name?: string }) => dto.name === 'Ada')
  @IsId()
  id?: string;
}
class GroupedDto {
  @IsString({ groups: ['some'] })
  name: string;
}
class EmptyDto {}

const ID = '018f4d1e-0000-7000-8000-000000000001';

describe('compileQuickCheck', () => {
  const isValid = compileQuickCheck(CountedDto)!;

  it.each([
    { name: 'Ada' },
    { name: 'Ada', count: 1, note: 'x', ids: [ID] },
    { name: 'Ada', count: undefined, ids: [] },
  ])('accepts values that follow every rule: %j', (payload) => {
    expect(isValid(payload)).toBe(true);
  });

  it.each([
    ['a missing field', { count: 1 }],
    ['an unknown field', { name: 'Ada', other: 1 }],
    ['a wrong field', { name: 'Ada', count: 0 }],
    ['a field that would be changed', { name: 'Ada', ids: [ID.toUpperCase()] }],
    ['null for a field that may be left out', { name: 'Ada', count: null }],
    ['null that no rule is asked about', { name: 'Ada', note: null }],
    ['a list in a list', { name: 'Ada', ids: [[ID]] }],
    ['an object that is not plain', Object.assign(new Date(), { name: 'Ada' })],
    ['a list', [{ name: 'Ada' }]],
    ['nothing', undefined],
  ])('leaves to the rules: %s', (_what, payload) => {
    expect(isValid(payload)).toBe(false);
  });

  it.each([ParentDto, ConditionalDto, GroupedDto, EmptyDto])(
    'does not compile rules that it does not know: %p',
    (dto) => {
      expect(compileQuickCheck(dto)).toBeUndefined();
    },
  );
});
