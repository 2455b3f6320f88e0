import * as Books from "./Books.ts"
import * as Incidents from "./Incidents.ts"
import type { Member } from "./Kinds.ts"

/** Webhooks that the gateway took from nobody to the end. */
export const neverAccepted = ({ webhooks }: Books.Books): ReadonlyArray<string> =>
  webhooks.filter((_) => !Books.isAccepted(_)).map((webhook) => {
    const last = webhook.answers.slice(-shown).map(({ status }) => status ?? "nothing").join(", ")
    return `${named(webhook)} was answered ${last === "" ? "nothing" : last} in the end`
  })

const shown = 5
const unavailable = 503
/** What is answered to a body that does not come in time, or breaks off. */
const brokenOff: ReadonlySet<number> = new Set([400, 408])

/** Webhooks that the gateway refused, or left without an answer, though nothing kept it from storing them. All are valid. */
export const refused = ({ apis, incidents, webhooks }: Books.Books): ReadonlyArray<string> => {
  const members = new Map(apis)
  return webhooks.flatMap((webhook) =>
    webhook.answers.flatMap((answer) => {
      const { base, endedAt, status } = answer
      const api = members.get(base)
      if (Books.isAcceptance(answer) || incidents.some(excuse(answer, api))) return []
      return [`${named(webhook)} got ${status ?? "nothing"} of ${api} at ${Incidents.clock(endedAt)}`]
    })
  )
}

const excuse = (answer: Books.Answer, api: Member | undefined) => (incident: Books.Incident): boolean => {
  const { status } = answer
  if (status === null || status === unavailable) return Incidents.keepsFromStoring(incident, api, answer)
  return brokenOff.has(status) && Incidents.breaksOff(incident, api, answer)
}

/** Webhooks that the gateway keeps as not to be believed. */
export const rejected = ({ rejections }: Books.Books): ReadonlyArray<string> =>
  rejections.map(({ detail, integration, reason }) => `a webhook of ${integration}: ${reason}, ${detail}`)

/** Webhooks that were told to be new or a copy though they were not, or whose copies are counted wrongly. */
export const misjudgedCopies = ({ webhooks }: Books.Books, index: Books.Index): ReadonlyArray<string> =>
  webhooks.flatMap((webhook) => {
    const event = index.eventOf(webhook)
    const accepted = webhook.answers.filter(Books.isAcceptance)
    const copies = accepted.filter((_) => _.duplicate).length
    const others = accepted
      .filter(({ eventId }) => eventId !== event?.id)
      .map(({ duplicate, eventId }) => `told ${eventId} (duplicate ${duplicate}), stored ${event?.id}`)
    return [...others, ...anew(accepted), ...event === undefined ? [] : counted(event, copies, webhook)]
      .map((problem) => `${named(webhook)}: ${problem}`)
  })

const anew = (accepted: ReadonlyArray<Books.Answer>): ReadonlyArray<string> => {
  const times = accepted.filter((_) => !_.duplicate).length
  return times > 1 ? [`accepted as new ${times} times`] : []
}

/** A copy whose answer was lost may be counted too, but only one of all that were sent is none. */
const counted = (
  { duplicates }: Books.EventRow,
  told: number,
  { answers }: Books.Webhook
): ReadonlyArray<string> =>
  duplicates >= told && duplicates < answers.length
    ? []
    : [`${duplicates} copies counted, ${told} told, sent ${answers.length} times`]

const named = ({ id, integration }: Books.Webhook): string => `${id} of ${integration}`
