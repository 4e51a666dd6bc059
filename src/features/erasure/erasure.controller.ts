import { Body, Controller, Delete, HttpCode } from '@nestjs/common';
import { NO_CONTENT, Route } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { EraseAccountDto } from './erasure.dto';
import { ErasureService } from './erasure.service';
import { INVALID_CREDENTIALS } from '../authentication/authentication.problems';

@Controller('api/v1/users')
export class ErasureController {
  constructor(private readonly erasure: ErasureService) {}

  @Delete('me')
  @HttpCode(202)
  @Route({
    summary: 'Erase your account',
    description:
      'These are removed at once: the profile, the name and the e-mail address, all sessions and their sockets, friendships, requests, blocks, and the participation in all conversations. Groups that the user owns pass to the oldest admin, or else to the oldest member; groups without anybody else end. In the background, messages lose their sender or become tombstones, one `rev` each, and their earlier versions are deleted. An erasure cannot be undone.',
    answers: { 202: NO_CONTENT },
    problems: [INVALID_CREDENTIALS],
  })
  async erase(@Caller() caller: CallerIdentity, @Body() input: EraseAccountDto): Promise<void> {
    await this.erasure.erase(caller, input);
  }
}
