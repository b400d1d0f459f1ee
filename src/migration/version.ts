/** Of the ferry, as package.json has it. */
export const version = '0.1.0';
