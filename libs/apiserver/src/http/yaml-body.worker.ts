// The thread that long YAML bodies are read in: bytes come in, JSON or the Status of what is wrong goes out.
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { type Status, StatusError } from '@berth/machinery';
import { yamlToJson } from './yaml-to-json.ts';

export type YamlAnswer = { json: string } | { status: Status };

// On Linux this is the priority of the calling thread alone: where there are few processors, the event loop comes first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
parentPort?.on('message', (body: Uint8Array) => parentPort?.postMessage(answerTo(body)));

/** What is our fault ends the thread, and is the log's to tell. */
function answerTo(body: Uint8Array): YamlAnswer {
  try {
    return { json: yamlToJson(body) };
  } catch (error) {
    if (error instanceof StatusError) return { status: error.status };
    throw error;
  }
}
