/** The chain of causes in one line; what several addresses of one name answered, each once. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts = error instanceof AggregateError ? [...new Set(error.errors.map(reasonOf))] : [];
  const own = [error.message, ...parts].filter((part) => part !== '').join(': ');
  return error.cause === undefined ? own : `${own}: ${reasonOf(error.cause)}`;
}
