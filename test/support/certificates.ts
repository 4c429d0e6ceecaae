// Authorities and certificates for localhost, made by openssl in the folder that is given.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const openssl = (...args: readonly string[]): Promise<unknown> => run('openssl', [...args]);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const;

export interface Authority {
  /** Path of the certificate that others trust. */
  readonly certificate: string;
  /** Writes `<name>.crt` and `<name>.key`, for a server at `alternative` or a client. */
  issue(name: string, alternative?: string): Promise<{ readonly certificate: string; readonly key: string }>;
}

export async function makeAuthority(folder: string, name: string): Promise<Authority> {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const self = ['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${name}`];
  await openssl(...self, '-keyout', key, '-out', certificate);
  return {
    certificate,
    async issue(of, alternative = 'DNS:localhost') {
      const made = { key: join(folder, `${of}.key`), certificate: join(folder, `${of}.crt`) };
      const [request, extensions] = [join(folder, `${of}.csr`), join(folder, `${of}.ext`)];
      await writeFile(extensions, `subjectAltName=${alternative}\n`);
      await openssl('req', ...NEW_KEY, '-subj', `/CN=${of}`, '-keyout', made.key, '-out', request);
      const signed = ['x509', '-req', '-in', request, '-CA', certificate, '-CAkey', key, '-CAcreateserial'];
      await openssl(...signed, '-days', '1', '-extfile', extensions, '-out', made.certificate);
      return made;
    },
  };
}
