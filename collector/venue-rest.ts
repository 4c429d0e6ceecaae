import type { Assignment } from '../contract/assignment.ts';
import { RestClient, type RestOptions } from './rest.ts';
import type { Venue } from './venues/venue.ts';

/** The client for one venue's market under this collector's budget. */
export function restOf(
  { limits, usedWeightHeader }: Pick<Venue, 'limits' | 'usedWeightHeader'>,
  options: Pick<RestOptions, 'base' | 'clock' | 'proxy'> & { readonly budget: Assignment['budget'] },
): RestClient {
  const { budget, ...way } = options;
  return new RestClient({
    ...way,
    weightPerMinute: budget.weightPerMinute,
    weightWindowMs: limits.weightWindowMs,
    addressWeightPerMinute: limits.weightPerMinute,
    usedWeightHeader,
  });
}
