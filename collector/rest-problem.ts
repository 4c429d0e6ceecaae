import type { ProblemReason } from '../contract/control.ts';
import type { RestAnswer } from './rest.ts';

export interface RestProblem {
  readonly reason: ProblemReason;
  readonly message: string;
}

/** What a user can do about a question that `what` names and the venue at `base` did not answer. */
export function restProblem(
  answer: Exclude<RestAnswer, { kind: 'ok' }>,
  what: string,
  base: string,
): RestProblem {
  if (answer.kind === 'unreachable')
    return {
      reason: 'VenueUnreachable',
      message: `${what}: endpoints.rest ${base} is not reachable (${answer.detail}); check the address and the network policy`,
    };
  const says = `${what}: ${base} answers ${answer.status}`;
  if (answer.kind === 'limited')
    return { reason: 'RateLimited', message: `${says}; waiting ${answer.retryAfterMs / 1_000} s as it asks` };
  if (answer.kind === 'refused') return { reason: 'VenueRefused', message: `${says} (${answer.detail})` };
  return {
    reason: 'RegionRefused',
    message: `${says} (${answer.detail}); run from a region that the venue serves, or set endpoints.rest`,
  };
}
