import { Controller, Get, Param } from '@nestjs/common';
import { Route } from '../documents/documented';
import { integer, oneOf, record, text, type Of } from '../documents/schema';
import { Public } from '../http/public';
import { PROBLEMS, isProblemCode } from './catalogue';
import { Problem } from './problem';

const EXAMPLE = PROBLEMS['rate-limited'];

const explanationSchema = record('Explanation', {
  type: text({ format: 'uri-reference' }, { example: '/problems/rate-limited' }),
  code: { ...oneOf(Object.keys(PROBLEMS)), examples: ['rate-limited'] },
  status: integer(400, { example: EXAMPLE.status }, 599),
  title: text({}, { example: EXAMPLE.title }),
  detail: text(
    {},
    { description: 'What happened and what the client should do.', example: EXAMPLE.explanation },
  ),
});

/** `type` of every problem leads here: what it means and what to do. */
@Controller('problems')
export class ProblemsController {
  @Public()
  @Get(':code')
  @Route({
    summary: 'What a problem code means and what to do',
    kind: 'page',
    answers: { 200: explanationSchema },
    problems: ['not-found'],
  })
  explain(@Param('code') code: string): Of<typeof explanationSchema> {
    if (!isProblemCode(code)) throw new Problem('not-found');
    const { status, title, explanation } = PROBLEMS[code];
    return { type: `/problems/${code}`, code, status, title, detail: explanation };
  }
}
