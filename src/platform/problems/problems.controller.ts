import { Controller, Get, Param } from '@nestjs/common';
import { Public } from '../http/public';
import { PROBLEMS, isProblemCode } from './catalogue';
import { Problem } from './problem';

/** `type` of every problem leads here: what it means and what to do. */
@Controller('problems')
export class ProblemsController {
  @Public()
  @Get(':code')
  explain(@Param('code') code: string): object {
    if (!isProblemCode(code)) throw new Problem('not-found');
    const { status, title, explanation } = PROBLEMS[code];
    return { type: `/problems/${code}`, code, status, title, detail: explanation };
  }
}
