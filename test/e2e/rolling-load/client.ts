// Asks a server again and again and retries nothing: so many requests by a new connection each, and so many by connections that are kept until
// the server closes them with an answer. Prints what happened as JSON. `client.ts URL NEW KEPT`; goes on beyond the numbers until a line comes in.
import { Agent, get } from 'node:http';

const timeoutMs = 15_000;
const workers = 8;
const [url = '', fresh = '0', kept = '0'] = process.argv.slice(2);

interface Outcome {
  requests: number;
  failures: { error: string; atMs: number; tookMs: number }[];
  slowestMs: number;
  servers: string[];
}

let mayEnd = false;
process.stdin.on('data', () => {
  mayEnd = true;
});

function ask(agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response
        .on('error', reject)
        .on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode}`))));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer in ${timeoutMs} ms from port ${request.socket?.localPort}`)));
    request.on('error', reject);
  });
}

async function run(count: number, isKept: boolean): Promise<Outcome> {
  const outcome: Outcome = { requests: 0, failures: [], slowestMs: 0, servers: [] };
  const servers = new Set<string>();
  const work = async () => {
    const agent = new Agent({ keepAlive: isKept, maxSockets: 1 });
    while (outcome.requests < count || (count > 0 && !mayEnd)) {
      outcome.requests++;
      const startMs = performance.now();
      try {
        servers.add(await ask(agent));
      } catch (error) {
        const tookMs = Math.round(performance.now() - startMs);
        const { code, message } = error as NodeJS.ErrnoException;
        outcome.failures.push({ error: `${code ?? ''} ${message}`, atMs: Date.now(), tookMs });
      }
      outcome.slowestMs = Math.max(outcome.slowestMs, Math.round(performance.now() - startMs));
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return { ...outcome, servers: [...servers] };
}

process.stdout.write('started\n');
const [freshOutcome, keptOutcome] = await Promise.all([run(Number(fresh), false), run(Number(kept), true)]);
process.stdout.write(`${JSON.stringify({ fresh: freshOutcome, kept: keptOutcome })}\n`, () => process.exit());
