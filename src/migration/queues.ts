/** Where workflows and changes run, unless `ferry.yaml` names another queue. */
export const defaultTaskQueue = 'kafka-ferry';

/** Where watching activities run: they last for hours, and must never keep a change from its slot. */
export const watchQueue = (taskQueue: string): string => `${taskQueue}-watch`;
