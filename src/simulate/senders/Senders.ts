import { anybody } from "./Anybody.ts"
import { conversations } from "./Conversations.ts"
import { mails } from "./Mails.ts"
import type { Sender } from "./Sender.ts"
import { shops } from "./Shops.ts"
import { standardSenders } from "./StandardSenders.ts"
import { telephony } from "./Telephony.ts"
import { workplaces } from "./Workplaces.ts"

/** Every way to sign that the gateway can simulate; of a provider's ways the usual one comes first. */
export const senders: ReadonlyArray<Sender> = [
  ...shops,
  ...conversations,
  ...telephony,
  ...mails,
  ...workplaces,
  ...standardSenders,
  ...anybody
]
