import { About } from '../../platform/documents/field-schema';
import { IsOpaque } from '../../platform/validation/field-rules';

const MAX_TOKEN_LENGTH = 4_096;

export class RefreshSessionCommandDto {
  @About('A newer access token of the same session.', 'eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiIwMTljIn0.c2ln')
  @IsOpaque('a string', MAX_TOKEN_LENGTH)
  token: string;
}
