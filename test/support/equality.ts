import { Option } from "effect"
import { chai } from "vitest"

// An Option can be iterated over, which is how chai compares what differs in its keys: a `none` would equal every `some`.
const comparator = (left: unknown, right: unknown): boolean | null => {
  if (!Option.isOption(left) || !Option.isOption(right)) return null
  return Option.match(left, {
    onNone: () => Option.isNone(right),
    onSome: (value) => Option.isSome(right) && equal(value, right.value)
  })
}

const equal = (left: unknown, right: unknown): boolean => chai.util.eql(left, right, { comparator })

chai.config.deepEqual = equal
