import { effectiveFeed, type DefaultsOverlay, type EffectiveFeed } from '../../contract/effective.ts';
import { select } from '../../contract/selector.ts';
import { liveAssignments } from './live-assignments.ts';
import type { KubeObject, Observed } from './types.ts';

/** Where a feed's symbols come from at this moment. */
export type SelectionView =
  | { readonly kind: 'listed' }
  /** No catalogue yet; `kept`: symbols that were selected before, by another leader or before a restart. */
  | { readonly kind: 'pending'; readonly message: string; readonly kept: number }
  | {
      readonly kind: 'selected';
      readonly matching: number;
      readonly taken: number;
      readonly revision: number;
      /** When time alone changes it; null: never. */
      readonly changesMs: number | null;
    };

export interface Selected {
  readonly effective: EffectiveFeed;
  readonly selection: SelectionView;
}

/** The feed with every default and every selected symbol filled in. While the catalogue is unknown, what runs, runs on. */
export function selectSymbols(
  observed: Pick<Observed, 'feed' | 'catalogue' | 'objects' | 'nowMs'>,
  overlay: DefaultsOverlay,
): Selected {
  const { feed, catalogue, objects, nowMs } = observed;
  const plain = effectiveFeed(feed, overlay);
  if (plain.selector === null) return { effective: plain, selection: { kind: 'listed' } };
  if (catalogue.kind !== 'known') {
    const kept = runningSymbols(objects);
    const message = catalogue.kind === 'pending' ? catalogue.message : 'it has not been looked at yet';
    return {
      effective: effectiveFeed(feed, overlay, kept),
      selection: { kind: 'pending', message, kept: kept.length },
    };
  }
  const { symbols, matching, changesMs } = select(catalogue.instruments, plain.selector, nowMs);
  return {
    effective: effectiveFeed(feed, overlay, symbols),
    selection: { kind: 'selected', matching, taken: symbols.length, revision: catalogue.revision, changesMs },
  };
}

function runningSymbols(objects: readonly KubeObject[]): readonly string[] {
  const symbols = liveAssignments(objects).flatMap(({ assignment, leaving }) =>
    (assignment?.symbols ?? []).filter((symbol) => !leaving.includes(symbol)),
  );
  return [...new Set(symbols)].sort();
}
