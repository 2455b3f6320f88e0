import { entries, type Entry } from "../src/domain/providers/Catalogue.ts"

const beginning = `# Providers

*Generated from \`src/domain/providers\` by \`npm run docs\`. To change it, change a provider's record there.*

Pick a provider's id, paste its secret, and enter the integration's \`webhookUrl\` at the provider. \`GET /api/v1/providers\` tells
the same as JSON.

Certainty: **A**, the facts were read in the provider's own code, specification or pages, or a vector that it published
passes; **B**, third parties tell them; **C**, they are not verified, so try them before you rely on them.

- *signs the URL*: \`PUBLIC_BASE_URL\` must be what the provider calls.
- *handshake*: the provider asks before it sends, and is answered; that is no event.
- *verify token*: give the integration the text that you enter at the provider as \`verifyToken\`.
- *never sends again*: what comes beyond the integration's rate limit is taken in all the same, and delivered later.
- *options*, which an integration may be given as \`options\` when it is made: \`tolerance\`, how many seconds may lie between
  signing and receipt; \`split\`, whether a webhook that holds a list of up to 500 events becomes as many (see [schemes](schemes.md)).

| id | provider | secret | proven by | besides | certainty | source |
|---|---|---|---|---|---|---|
`

const ending = `
## What to know

`

const row = (entry: Entry): string =>
  cells([
    `\`${entry.id}\``,
    entry.docs.startsWith("http") ? `[${entry.title}](${entry.docs})` : entry.title,
    entry.secret ?? "none",
    entry.provenBy.join(", "),
    besides(entry).join(", "),
    entry.certainty,
    entry.source
  ])

const besides = (entry: Entry): ReadonlyArray<string> => [
  ...(entry.signsUrl ? ["signs the URL"] : []),
  ...(entry.hasHandshake ? ["handshake"] : []),
  ...(entry.needsVerifyToken ? ["verify token"] : []),
  ...(entry.retries === false ? ["never sends again"] : []),
  ...(entry.answersWithinSeconds === null ? [] : [`waits ${entry.answersWithinSeconds} s`]),
  ...(entry.options.length === 0 ? [] : [`options: ${entry.options.join(", ")}`])
]

const cells = (texts: ReadonlyArray<string>): string => `| ${texts.map((_) => _.replaceAll("|", "\\|")).join(" | ")} |`

const notes = entries.flatMap(({ id, note }) => note === null ? [] : [`- **\`${id}\`** ${note}`])

/** docs/providers.md as it has to be. */
export const page = `${beginning}${entries.map(row).join("\n")}\n${ending}${notes.join("\n")}\n`
