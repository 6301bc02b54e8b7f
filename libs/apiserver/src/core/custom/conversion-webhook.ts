// Conversion by webhook: what is to be shown or stored in another version is sent to the webhook that its definition names. A webhook that
// is down, or says nonsense, fails the requests that need it, and nothing else.
import type { Converter, CustomResourceDefinition } from '@berth/api';
import { type KubeObject, StatusError } from '@berth/machinery';
import type { Clock, Random } from '@berth/telemetry';
import type { CoreMetrics } from '../types.ts';
import type { WebhookClient } from '../webhooks/index.ts';
import { type ConversionFailure, convertedObjects, reviewOf } from './conversion-review.ts';
import { acceptedObject } from './converted-object.ts';

/** As long as kube-apiserver waits for one. */
const timeoutMs = 30_000;

type ClientConfig = NonNullable<NonNullable<NonNullable<CustomResourceDefinition['spec']['conversion']>['webhook']>['clientConfig']>;

type Webhooks = Pick<WebhookClient, 'call'>;

export interface ConversionPorts {
  webhooks: Webhooks;
  clock: Clock;
  random: Random;
  metrics: Pick<CoreMetrics, 'converted'>;
}

export function conversionWebhook(definition: CustomResourceDefinition, ports: ConversionPorts): Converter {
  const { conversionReviewVersions = [], clientConfig = {} } = definition.spec.conversion?.webhook ?? {};
  return async (objects, to) => {
    const review = reviewOf(conversionReviewVersions, ports.random.uuid(), to, objects);
    if (!review) throw failed('no supported conversion review versions');
    const startMs = ports.clock.monotonicMs();
    const [first] = objects;
    const observe = (failure?: ConversionFailure) =>
      ports.metrics.converted({
        definition: definition.metadata.name,
        from: versionOf(first?.apiVersion),
        to: versionOf(to),
        durationSeconds: (ports.clock.monotonicMs() - startMs) / 1000,
        ...(failure && { failure }),
      });
    try {
      const converted = await convert(ports.webhooks, clientConfig, review, objects, to);
      observe();
      return converted;
    } catch (error) {
      if (!(error instanceof ConversionError)) throw error;
      observe(error.failure);
      throw failed(`conversion webhook for ${first?.apiVersion}, Kind=${first?.kind} ${error.message}`);
    }
  };
}

async function convert(
  webhooks: Webhooks,
  address: ClientConfig,
  review: NonNullable<ReturnType<typeof reviewOf>>,
  objects: readonly KubeObject[],
  to: string,
): Promise<KubeObject[]> {
  const answer = await webhooks.call(address, review.body, { timeoutMs }).catch((error: unknown) => {
    throw new ConversionError('conversion_webhook_call_failure', `failed: ${(error as Error).message}`, error);
  });
  const converted = as('conversion_webhook_malformed_response_failure', 'failed: ', () => convertedObjects(review, answer));
  if (converted.length !== objects.length) {
    const detail = `returned ${converted.length} objects, expected ${objects.length}`;
    throw new ConversionError('conversion_webhook_partial_response_failure', detail);
  }
  return objects.map((original, index) =>
    as('conversion_webhook_invalid_converted_object_failure', '', () =>
      acceptedObject(original, converted[index], to, { isOne: objects.length === 1, index }),
    ),
  );
}

class ConversionError extends Error {
  readonly failure: ConversionFailure;

  constructor(failure: ConversionFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.failure = failure;
  }
}

function as<T>(failure: ConversionFailure, prefix: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new ConversionError(failure, prefix + (error as Error).message, error);
  }
}

/** As Kubernetes has it, an error without a reason. */
function failed(message: string): StatusError {
  return new StatusError(500, '', message);
}

function versionOf(apiVersion = ''): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}
