import { Either, Option, Predicate, Schema } from "effect"

const maxDepth = 50
// Each may be a problem to tell, and telling costs far more than reading.
const maxValues = 2_000
const decode = Schema.decodeUnknownOption(Schema.parseJson())

/** The text of a body that holds such a document, or why it does not. A call without a body is one without fields. */
export const read = (body: Uint8Array): Either.Either<string, string> =>
  body.byteLength === 0
    ? Either.right("{}")
    : Either.flatMap(textOf(body), (text) => Either.map(parse(text), () => text))

// Decoded in any other way, what is no UTF-8 would become other characters, and be stored as those.
const textOf = (body: Uint8Array): Either.Either<string, string> =>
  Either.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(body),
    catch: () => "The body is not UTF-8."
  })

/** A JSON document that can be read and stored, or why it cannot. What is wrong is told without what was sent. */
export const parse = (text: string): Either.Either<unknown, string> =>
  Option.match(decode(text), {
    onNone: () => Either.left("The body is not JSON."),
    onSome: (document) => Option.match(unfit(document), { onNone: () => Either.right(document), onSome: Either.left })
  })

// Not recursive: what is nested too deeply must not get at the stack.
const unfit = (document: unknown): Option.Option<string> => {
  const waiting = [{ value: document, depth: 0 }]
  let values = 1
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { depth, value } = next
    if (Predicate.isString(value)) {
      // PostgreSQL takes neither.
      if (value.includes("\0")) return Option.some("The body holds a NUL character.")
      if (/\p{Surrogate}/u.test(value)) return Option.some("The body holds half of a surrogate pair.")
    } else if (value !== null && typeof value === "object") {
      if (depth === maxDepth) return Option.some(`The body is nested more than ${maxDepth} levels deep.`)
      const children = Object.entries(value)
      values += children.length
      if (values > maxValues) return Option.some(`The body holds more than ${maxValues} values.`)
      for (const [key, child] of children) {
        waiting.push({ value: key, depth }, { value: child, depth: depth + 1 })
      }
    }
  }
  return Option.none()
}
