import { Data, Either, Option, Predicate } from "effect"
import { parseArgs } from "node:util"
import type { Sender, Unsigned } from "./senders/Sender.ts"
import { senders } from "./senders/Senders.ts"

/** The command line asks for something that there is not. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

/** What is simulated. */
export interface Options {
  readonly sender: Sender
  readonly key: string
  /** What the integration must be given. */
  readonly secret: string
  /** Whether nobody chose the key, so that everybody knows it. */
  readonly isTestKey: boolean
  readonly url: string
  readonly type: string
  readonly count: number
  /** How many are sent in a second; none for as fast as answers come. */
  readonly rate: Option.Option<number>
}

const maxCount = 1_000_000
const maxRate = 10_000

/** Options from `--provider stripe --url http://…` and what else there may be. */
export const read = (parameters: ReadonlyArray<string>): Either.Either<Options, UsageError> =>
  Either.gen(function*() {
    const given = yield* parsed(parameters)
    const sender = yield* senderOf(given.provider, given.variant)
    const key = given.secret ?? sender.keys.own
    return {
      sender,
      key,
      secret: yield* secretOf(sender, key),
      isTestKey: given.secret === undefined,
      url: yield* urlOf(given.url),
      type: given.type ?? sender.type,
      count: yield* countOf(given.count ?? "1"),
      rate: yield* rateOf(given.rate)
    }
  })

const text = { type: "string" } as const

const parsed = (parameters: ReadonlyArray<string>) =>
  Either.try({
    try: () =>
      parseArgs({
        args: [...parameters],
        options: { provider: text, variant: text, url: text, secret: text, type: text, count: text, rate: text }
      }).values,
    catch: (cause) => wrong(Predicate.isError(cause) ? cause.message : String(cause))
  })

const wrong = (problem: string): UsageError => new UsageError({ message: `${problem}\n\n${usage}` })

type Unsimulated = Unsigned | "custom"

const unsimulated: Readonly<Record<Unsimulated, string>> = {
  paypal:
    "Only PayPal itself can sign its webhooks, by its own certificate: send a test from PayPal's webhook simulator.",
  sns: "Only AWS can sign messages of SNS, by its own certificate: publish a message to the topic.",
  none: "The provider none signs nothing: send any request, such as with curl.",
  custom: "A custom scheme is the user's own: simulate a provider that signs alike, such as hmac."
}

const isUnsimulated = (provider: string): provider is Unsimulated => Object.hasOwn(unsimulated, provider)

const senderOf = (provider: string | undefined, variant: string | undefined): Either.Either<Sender, UsageError> => {
  if (provider === undefined) return Either.left(wrong("Say which provider is to be simulated, with --provider."))
  if (isUnsimulated(provider)) return Either.left(wrong(unsimulated[provider]))
  const own = senders.filter((sender) => sender.provider === provider)
  if (own.length === 0) return Either.left(wrong(`There is no provider ${provider}.`))
  return Either.fromNullable(
    own.find((sender) => sender.variant === variant),
    () => wrong(`There is no variant ${variant} of ${provider}.`)
  )
}

const secretOf = ({ keys }: Sender, key: string): Either.Either<string, UsageError> =>
  key === ""
    ? Either.left(wrong(`--secret must be ${keys.form}.`))
    : Either.try({ try: () => keys.secretOf(key), catch: () => wrong(`--secret must be ${keys.form}.`) })

const urlOf = (text: string | undefined): Either.Either<string, UsageError> => {
  if (text === undefined) return Either.left(wrong("Say which webhook URL is to be called, with --url."))
  if (!URL.canParse(text)) return Either.left(wrong("--url must be the integration's whole webhook URL."))
  const { hash, href, password, protocol, username } = new URL(text)
  if (protocol !== "http:" && protocol !== "https:") return Either.left(wrong("--url must begin with http: or https:."))
  return username === "" && password === ""
    ? Either.right(href.slice(0, href.length - hash.length))
    : Either.left(wrong("--url must not hold a user and a password; give them as --secret user:password."))
}

const countOf = (text: string): Either.Either<number, UsageError> =>
  /^[1-9]\d*$/.test(text) && Number(text) <= maxCount
    ? Either.right(Number(text))
    : Either.left(wrong(`--count must be a number from 1 to ${maxCount}.`))

const rateOf = (text: string | undefined): Either.Either<Option.Option<number>, UsageError> => {
  if (text === undefined) return Either.right(Option.none())
  const rate = Number(text)
  return rate > 0 && rate <= maxRate
    ? Either.right(Option.some(rate))
    : Either.left(wrong(`--rate must be a number of webhooks per second, at most ${maxRate}.`))
}

const listed = (texts: ReadonlyArray<string>): string => {
  const lines = [""]
  for (const text of texts) {
    const line = `${lines.at(-1)}  ${text}`
    if (line.length > 100) lines.push(`  ${text}`)
    else lines[lines.length - 1] = line
  }
  return lines.join("\n")
}

const usage = [
  "npm run simulate -- --provider stripe --url http://localhost:3000/api/v1/webhooks/my-shop",
  "",
  "  --provider  one of those below",
  "  --variant   another way to sign, where the provider has one",
  "  --url       the integration's webhook URL",
  "  --secret    what signs, as the provider has it; without it a test key, which the integration must then be given",
  "  --type      the type of the webhooks",
  "  --count     how many are sent, each with an id of its own; 1 without it",
  "  --rate      how many are sent in a second; without it as fast as answers come",
  "",
  "Providers:",
  listed([...new Set(senders.map(({ provider }) => provider))].toSorted()),
  "Variants:",
  listed(
    senders.flatMap(({ provider, variant }) =>
      variant === undefined ? [] : [`--provider ${provider} --variant ${variant}`]
    )
  ),
  "Not simulated:",
  listed(Object.keys(unsimulated))
].join("\n")
