/** Whether a name is an e-mail address: webhooks, chats and teams have no @ in theirs. */
export const isAddress = (name: string): boolean => name.includes('@');
