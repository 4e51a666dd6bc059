import { Controller, Get, Param } from '@nestjs/common';
import { Route } from '../documents/documented';
import { integer, record, text, type Of } from '../documents/schema';
import { Public } from '../http/public';
import { NOT_FOUND, RATE_LIMITED } from './general-problems';
import { Problem } from './problem';
import { declaredProblem, problemCode } from './problem-kind';

const explanationSchema = record('Explanation', {
  type: text({ format: 'uri-reference' }, { example: '/problems/rate-limited' }),
  code: problemCode({ examples: ['rate-limited'] }),
  status: integer(400, { example: RATE_LIMITED.status }, 599),
  title: text({}, { example: RATE_LIMITED.title }),
  detail: text(
    {},
    { description: 'What happened and what the client should do.', example: RATE_LIMITED.explanation },
  ),
});

/** Serves the page that `type` of every problem links to: its meaning and the remedy. */
@Controller('problems')
export class ProblemsController {
  @Public()
  @Get(':code')
  @Route({
    summary: 'What a problem code means and what to do',
    kind: 'page',
    answers: { 200: explanationSchema },
    problems: [NOT_FOUND],
  })
  explain(@Param('code') code: string): Of<typeof explanationSchema> {
    const kind = declaredProblem(code);
    if (!kind) throw new Problem(NOT_FOUND);
    const { status, title, explanation } = kind;
    return { type: `/problems/${code}`, code, status, title, detail: explanation };
  }
}
