import { IsString, MaxLength } from 'class-validator';

export class RefreshSessionCommandDto {
  @IsString({ message: 'must be a string' })
  @MaxLength(4_096)
  token: string;
}
