import { fixed } from "./Provider.ts"

/** Nothing is signed: user and password stand in the URL that Postmark is given. */
export const postmark = fixed({
  title: "Postmark",
  docs: "https://postmarkapp.com/developer/webhooks/webhooks-overview",
  certainty: "B",
  source: "third parties",
  note: "Give Postmark the webhook URL as https://user:password@host/…. It proves the sender, not the body."
}, {
  proofs: [{ kind: "basic" }],
  // One mail has an event of each kind, and may be opened or clicked more than once.
  dedupe: [],
  type: [[{ json: "$.RecordType" }]]
})
