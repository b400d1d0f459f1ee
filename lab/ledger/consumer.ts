import './aborts-in-order.js';
import './stopped-consumers.js';
import { serve } from './child.js';
import { Consuming } from './consuming.js';
import type { ConsumerConfig } from './settings.js';

serve(async (config: ConsumerConfig) => {
  const application = await Consuming.start(config);
  return {
    switch: () => application.switch(),
    readBoth: () => application.readBoth(),
    stopOld: () => application.stopOld(),
    status: () => application.status(),
    stop: () => application.stop(),
  };
});
