import { attempts } from "./Attempts.ts"
import type { Check } from "./Check.ts"
import { columnsContradictState } from "./Columns.ts"
import { keeping } from "./Keeping.ts"
import { orphans } from "./Orphans.ts"
import { queues } from "./Queues.ts"
import { stuck } from "./Stuck.ts"

/** Every rule that looks at the database, in the order in which they are told. */
export const checks: ReadonlyArray<Check> = [
  ...stuck,
  ...queues,
  columnsContradictState,
  ...orphans,
  ...attempts,
  ...keeping
]
