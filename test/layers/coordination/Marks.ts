import { Effect } from "effect"
import { Coordination } from "../../../src/services/ports/Coordination.ts"

/** Whether each of the keys is remembered. */
export const marked = (marks: ReadonlyArray<string>) =>
  Effect.flatMap(Coordination, ({ ask }) => Effect.map(ask({ takings: [], marks }), (_) => _.marked))

export const isMarked = (key: string) => Effect.map(marked([key]), ([isMarked]) => isMarked === true)
