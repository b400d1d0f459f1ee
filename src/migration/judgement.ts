/** What becomes of a message: `apply` changes the state; a refusal says in one sentence why and what to do. */
export type Judgement =
  | { answer: string; apply: () => void; refusal?: undefined }
  | { refusal: string; answer?: undefined; apply?: undefined };

export const refuse = (refusal: string): Judgement => ({ refusal });
export const already = (answer: string): Judgement => ({ answer, apply: () => undefined });
