// Compiles only while contract/feed.ts and the CRD's schema are the same types; `tsc` is the test.
import type { FeedSpec, FeedStatus } from '../../../contract/feed.ts';
import type { SchemaSpec, SchemaStatus } from './schema-types.ts';

/** Named and mapped types written out, so that only the shape is compared. */
type Flat<T> = T extends readonly (infer Item)[]
  ? readonly Flat<Item>[]
  : T extends object
    ? { [K in keyof T]: Flat<T[K]> }
    : T;

/** Exact: optional, readonly and absent members are told apart. */
type Equal<A, B> =
  (<T>(value: T) => T extends Flat<A> ? 1 : 2) extends <T>(value: T) => T extends Flat<B> ? 1 : 2
    ? true
    : false;

export const SPEC_IS_EQUAL: Equal<FeedSpec, SchemaSpec> = true;
export const STATUS_IS_EQUAL: Equal<FeedStatus, SchemaStatus> = true;

/** The comparison itself can fail. */
export const OPTIONAL_DIFFERS: Equal<{ readonly a?: string }, { readonly a: string }> = false;
export const ABSENT_DIFFERS: Equal<{ readonly a: 1; readonly b?: 2 }, { readonly a: 1 }> = false;
