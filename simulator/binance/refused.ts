/** Refused in the venue's way: a status and `{"code", "msg"}`. */
export class Refused {
  readonly code: number;
  readonly msg: string;
  readonly status: number;

  constructor(code: number, msg: string, status = 400) {
    this.code = code;
    this.msg = msg;
    this.status = status;
  }
}

export function limitOf(query: URLSearchParams, standard: number, most: number): number | Refused {
  const text = query.get('limit');
  if (text === null) return standard;
  if (!/^\d{1,9}$/.test(text)) return illegal('limit');
  const limit = Number(text);
  return limit === 0
    ? new Refused(-1130, "Data sent for parameter 'limit' is not valid.")
    : Math.min(limit, most);
}

export function illegal(parameter: string): Refused {
  return new Refused(-1100, `Illegal characters found in parameter '${parameter}'.`);
}
