/** Where workflows and changes run, unless `ferry.yaml` names another queue. */
export const defaultTaskQueue = 'kafka-ferry';

/** Where watching activities run: they last for hours, and must never keep a change from its slot. */
export const watchQueue = (taskQueue: string): string => `${taskQueue}-watch`;

/** Where mirrors run: they keep a core and the network busy, so they may have machines of their own. */
export const mirrorQueue = (taskQueue: string): string => `${taskQueue}-mirror`;
