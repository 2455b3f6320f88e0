import { Either, Option, Predicate, Schema } from "effect"

const maxDepth = 50
const decode = Schema.decodeUnknownOption(Schema.parseJson())

/** A JSON document that can be read and stored, or why it cannot. What is wrong is told without what was sent. */
export const parse = (text: string): Either.Either<unknown, string> =>
  Option.match(decode(text), {
    onNone: () => Either.left("The body is not JSON."),
    onSome: (document) => Option.match(unfit(document), { onNone: () => Either.right(document), onSome: Either.left })
  })

// Not recursive: what is nested too deeply must not get at the stack.
const unfit = (document: unknown): Option.Option<string> => {
  const waiting = [{ value: document, depth: 0 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { depth, value } = next
    if (Predicate.isString(value)) {
      // PostgreSQL takes neither.
      if (value.includes("\0")) return Option.some("The body holds a NUL character.")
      if (/\p{Surrogate}/u.test(value)) return Option.some("The body holds half of a surrogate pair.")
    } else if (value !== null && typeof value === "object") {
      if (depth === maxDepth) return Option.some(`The body is nested more than ${maxDepth} levels deep.`)
      for (const [key, child] of Object.entries(value)) {
        waiting.push({ value: key, depth }, { value: child, depth: depth + 1 })
      }
    }
  }
  return Option.none()
}
