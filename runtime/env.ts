/** Reads environment variables once, at the edge; collects every fault, so that one start names all that is wrong. */
export interface EnvReader {
  /** The value, or undefined when unset or empty. */
  text(name: string): string | undefined;
  required(name: string, why: string): string;
  integer(
    name: string,
    range: { readonly fallback: number; readonly min: number; readonly max: number },
  ): number;
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T;
  /** Undefined when unset, or a fault; `protocols` as `URL` spells them, `https:`. */
  url(name: string, protocols: readonly string[]): URL | undefined;
  /** Comma-separated, empty parts left out. */
  list(name: string): readonly string[];
  /** Each names variable, value and mend. */
  faults(): readonly string[];
}

export function readEnv(env: Readonly<Record<string, string | undefined>>): EnvReader {
  const faults: string[] = [];
  const text = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  return {
    text,
    required(name, why) {
      const value = text(name);
      if (value === undefined) faults.push(`${name} is not set: ${why}`);
      return value ?? '';
    },
    integer(name, { fallback, min, max }) {
      const value = text(name);
      if (value === undefined) return fallback;
      const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      faults.push(`${name} is "${value}": it has to be an integer from ${min} to ${max}`);
      return fallback;
    },
    choice(name, choices, fallback) {
      const value = text(name);
      if (value === undefined) return fallback;
      const known = choices.find((choice) => choice === value);
      if (known === undefined)
        faults.push(`${name} is "${value}": it has to be one of ${choices.join(', ')}`);
      return known ?? fallback;
    },
    url(name, protocols) {
      const value = text(name);
      if (value === undefined) return undefined;
      const url = URL.parse(value);
      if (url !== null && url.hostname !== '' && protocols.includes(url.protocol)) return url;
      const shown = value.replace(/\/\/[^@/]*@/, '//…@');
      const forms = protocols.map((protocol) => `${protocol}//host:port`).join(' or ');
      faults.push(`${name} is "${shown}": it has to be ${forms}`);
      return undefined;
    },
    list(name) {
      return (text(name) ?? '')
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    },
    faults: () => faults,
  };
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
