// Where a token is pasted, or an identity provider asked for one. It goes to the API in a header, and stays in this tab.
import { type FormEvent, useEffect, useState } from 'react';
import { ApiError } from '../live/api-client.ts';
import { beginLogin, knownProvider, type Provider } from '../live/provider-login.ts';
import type { Login } from '../live/session.tsx';

export function LoginPage({ login }: { login: Login }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await login.logIn(token.trim());
    } catch (failure) {
      setBusy(false);
      setError(explain(failure));
    }
  };
  return (
    <main className="login">
      <form onSubmit={submit}>
        <h1>Berth</h1>
        <ProviderLogin onError={setError} />
        <label htmlFor="token">Access token</label>
        <input
          id="token"
          type="password"
          autoComplete="off"
          spellCheck={false}
          // biome-ignore lint/a11y/noAutofocus: the page has nothing else
          autoFocus
          required
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <button type="submit" disabled={isBusy}>
          Log in
        </button>
        <p role="alert" className="error">
          {error ?? login.reason}
        </p>
        <p className="quiet">
          <code>berth token access</code> makes one.
        </p>
      </form>
    </main>
  );
}

function ProviderLogin({ onError }: { onError(error: string): void }) {
  const [provider, setProvider] = useState<Provider>();
  useEffect(() => {
    // A server that is away says so as soon as one logs in.
    knownProvider().then(setProvider, () => undefined);
  }, []);
  if (!provider) return null;
  if (!provider.authorizationEndpoint) return <p className="notice bad">{provider.problem}</p>;
  return (
    <button type="button" onClick={() => void beginLogin(provider).catch((error: Error) => onError(error.message))}>
      Log in with {new URL(provider.issuer).host}
    </button>
  );
}

function explain(failure: unknown): string {
  if (!(failure instanceof ApiError)) return String(failure);
  if (failure.code === 401) return 'This token is wrong or has expired.';
  return `Could not log in: ${failure.message}.`;
}
