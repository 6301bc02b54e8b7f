// What is below /ui: the dashboard's files, and its log-in through an identity provider. Both are there for who is not known yet.
import type { Exchange } from '../responses.ts';
import type { StaticFiles } from '../static-files.ts';
import type { DashboardLogin } from './login.ts';

export class DashboardPaths {
  readonly #files: StaticFiles;
  readonly #login: DashboardLogin;

  constructor(files: StaticFiles, login: DashboardLogin) {
    this.#files = files;
    this.#login = login;
  }

  /** @param segments decoded, behind `ui`. @throws StatusError */
  serve(exchange: Exchange, segments: string[]): Promise<void> {
    return segments[0] === 'oidc' ? this.#login.serve(exchange, segments.slice(1)) : this.#files.serve(exchange, segments);
  }
}
