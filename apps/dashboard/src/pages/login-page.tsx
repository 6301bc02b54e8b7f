// Where a token is pasted. It goes to the API in a header, and stays in this tab.
import { type FormEvent, useState } from 'react';
import { ApiError } from '../live/api-client.ts';
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

function explain(failure: unknown): string {
  if (!(failure instanceof ApiError)) return String(failure);
  if (failure.code === 401) return 'This token is wrong or has expired.';
  return `Could not log in: ${failure.message}.`;
}
