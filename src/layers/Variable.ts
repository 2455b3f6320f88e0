import { Config, ConfigError, Either, HashSet, Option, Redacted, Schema } from "effect"

interface Description<A, I extends string> {
  readonly name: string
  readonly schema: Schema.Schema<A, I>
  /** What a good value looks like, for a person. */
  readonly expected: string
}

/** One environment variable. An empty one counts as not set, as compose files write it. */
export const optional = <A, I extends string>(
  { expected, name, schema }: Description<A, I>
): Config.Config<Option.Option<A>> =>
  Config.withDefault(Config.string(name), "").pipe(
    Config.mapOrFail((text) =>
      decode(schema, text, () => `${name} is ${JSON.stringify(shown(text))}: expected ${expected}`)
    )
  )

/** A text without what may hold a secret where it is a URL: the user's name and password, the query and the fragment. */
const shown = (text: string) => text.replace(/:\/\/[^/@]*@/, "://…@").replace(/([?#]).*$/s, "$1…")

/** One whose value is never shown. */
export const secret = <A, I extends string>(
  { expected, name, schema }: Description<A, I>
): Config.Config<Option.Option<Redacted.Redacted<A>>> =>
  Config.withDefault(Config.string(name), "").pipe(
    Config.mapOrFail((text) =>
      decode(schema, text, () => `${name} is set to something else than expected: ${expected}`)
    ),
    Config.map(Option.map((value) => Redacted.make(value)))
  )

export const withDefault = <A, I extends string>(description: Description<A, I>, value: A): Config.Config<A> =>
  Config.map(optional(description), Option.getOrElse(() => value))

/** The variable's value, or the problem that it is missing. */
export const required = <A>(
  config: Config.Config<Option.Option<A>>,
  { expected, name }: { readonly name: string; readonly expected: string }
): Config.Config<A> =>
  Config.mapOrFail(
    config,
    Either.fromOption(() => ConfigError.InvalidData([], `${name} is missing: expected ${expected}`))
  )

/** Every problem in an error, one line each. */
export const problems = (error: ConfigError.ConfigError): ReadonlyArray<string> => {
  const lines = (error: ConfigError.ConfigError): HashSet.HashSet<string> =>
    error._op === "And" || error._op === "Or"
      ? HashSet.union(lines(error.left), lines(error.right))
      : HashSet.make(error.message)
  return [...lines(error)].toSorted()
}

const decode = <A, I extends string>(
  schema: Schema.Schema<A, I>,
  text: string,
  problem: () => string
): Either.Either<Option.Option<A>, ConfigError.ConfigError> =>
  text === ""
    ? Either.right(Option.none())
    : Either.mapBoth(Schema.decodeUnknownEither(schema)(text), {
      onLeft: () => ConfigError.InvalidData([], problem()),
      onRight: Option.some
    })
