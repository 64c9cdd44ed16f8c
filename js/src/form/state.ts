/** What the kernel tells about a form. Every field may be missing at first. */
export interface FormState {
  /** JSON Schema of what is written */
  schema: unknown;
  /** JSON text to begin with */
  payload: string | null;
  problem: Problem | null;
}

export interface Problem {
  message?: string | null;
  /** by JSON pointer (RFC 6901) */
  fields?: Record<string, string> | null;
}
