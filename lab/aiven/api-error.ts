/** What the API refuses, in the shape of its answers. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  get body(): object {
    const { message, status, code } = this;
    return { message, errors: [{ message, status, ...(code !== undefined && { error_code: code }) }] };
  }
}
