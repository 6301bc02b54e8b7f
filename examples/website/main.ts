// The program: the controller, and its webhooks where a certificate is mounted for them.
import { serveAdmission, startControllers, terminated } from '@berth/sdk';
import { handlers } from './admission.ts';
import { websiteController } from './controller.ts';

const folder = process.env.CERTIFICATES;
const webhooks = folder
  ? await serveAdmission({
      ...{ port: Number(process.env.PORT ?? 8443), handlers },
      ...{ certificateFile: `${folder}/tls.crt`, keyFile: `${folder}/tls.key` },
    })
  : undefined;
if (webhooks) console.log(`webhooks are served on port ${webhooks.port}`);
const controllers = await startControllers({ controllers: [websiteController] });
console.log('websites are watched');
await terminated();
await Promise.all([controllers.stop(), webhooks?.stop()]);
