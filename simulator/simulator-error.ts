/** Options, recordings or scenarios that cannot be used; the message says which and why. */
export class SimulatorError extends Error {
  override readonly name = 'SimulatorError';
}
