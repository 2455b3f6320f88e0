import { Data } from "effect"

/** Nothing there under that name. `message` is for a person. */
export class NotFound extends Data.TaggedError("NotFound")<{ readonly message: string }> {}

/** It contradicts what is there. */
export class Conflict extends Data.TaggedError("Conflict")<{ readonly message: string }> {}

/** More of it than is done at a time. */
export class TooMany extends Data.TaggedError("TooMany")<{ readonly message: string }> {}

export interface Problem {
  /** Where in the request, such as `secrets.0`. */
  readonly path: string
  readonly problem: string
}

/** What was asked for makes no sense, and where. Problems hold no secret. */
export class Invalid extends Data.TaggedError("Invalid")<{ readonly details: ReadonlyArray<Problem> }> {
  override get message(): string {
    return this.details.map(({ path, problem }) => `${path}: ${problem}`).join("\n")
  }
}

export const invalid = (path: string, problem: string): Invalid => new Invalid({ details: [{ path, problem }] })
