import { serve } from './child.js';
import { Producing } from './producing.js';
import type { ProducerConfig } from './settings.js';

serve(async (config: ProducerConfig) => {
  const application = await Producing.start(config);
  return {
    switch: () => application.switch(),
    writeBoth: () => application.writeBoth(),
    stopOld: () => application.stopOld(),
    status: () => application.status(),
    stop: () => application.stop(),
  };
});
