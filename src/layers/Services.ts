import { Layer } from "effect"
import { Audit } from "../services/Audit.ts"
import { BulkReplays } from "../services/BulkReplays.ts"
import { CallbackTests } from "../services/CallbackTests.ts"
import { Cancellations } from "../services/Cancellations.ts"
import { Certificates } from "../services/Certificates.ts"
import { Courier } from "../services/Courier.ts"
import { DeadMessages } from "../services/DeadMessages.ts"
import { Deliveries } from "../services/Deliveries.ts"
import { Destinations } from "../services/Destinations.ts"
import { Directory } from "../services/Directory.ts"
import { Dispatch } from "../services/Dispatch.ts"
import { Gauges } from "../services/Gauges.ts"
import { Handshakes } from "../services/Handshakes.ts"
import { Health } from "../services/Health.ts"
import { Inflow } from "../services/Inflow.ts"
import { Intake } from "../services/Intake.ts"
import { Integrations } from "../services/Integrations.ts"
import { IntegrationSecrets } from "../services/IntegrationSecrets.ts"
import { Lanes } from "../services/Lanes.ts"
import { Leases } from "../services/Leases.ts"
import { Limits } from "../services/Limits.ts"
import { Precedence } from "../services/Precedence.ts"
import { Rejections } from "../services/Rejections.ts"
import { Releases } from "../services/Releases.ts"
import { Replays } from "../services/Replays.ts"
import { Rescue } from "../services/Rescue.ts"
import { SigningSecrets } from "../services/SigningSecrets.ts"
import { AuditReader } from "../services/store/AuditReader.ts"
import { BulkReplayStore } from "../services/store/BulkReplayStore.ts"
import { CallbackTestStore } from "../services/store/CallbackTestStore.ts"
import { CancelStore } from "../services/store/CancelStore.ts"
import { ClaimStore } from "../services/store/ClaimStore.ts"
import { DeadLetterReader } from "../services/store/DeadLetterReader.ts"
import { DeliveryReader } from "../services/store/DeliveryReader.ts"
import { DeliveryStore } from "../services/store/DeliveryStore.ts"
import { DestinationStore } from "../services/store/DestinationStore.ts"
import { DispatchStore } from "../services/store/DispatchStore.ts"
import { EventReader } from "../services/store/EventReader.ts"
import { EventStore } from "../services/store/EventStore.ts"
import { GaugeStore } from "../services/store/GaugeStore.ts"
import { HoldStore } from "../services/store/HoldStore.ts"
import { IntegrationStore } from "../services/store/IntegrationStore.ts"
import { RecordStore } from "../services/store/RecordStore.ts"
import { RejectionReader } from "../services/store/RejectionReader.ts"
import { RejectionStore } from "../services/store/RejectionStore.ts"
import { ReplayEventReader } from "../services/store/ReplayEventReader.ts"
import { ReplayReader } from "../services/store/ReplayReader.ts"
import { ReplayStore } from "../services/store/ReplayStore.ts"
import { SecretStore } from "../services/store/SecretStore.ts"
import { SweepStore } from "../services/store/SweepStore.ts"
import { WaitingStore } from "../services/store/WaitingStore.ts"
import { Sweeper } from "../services/Sweeper.ts"
import { Trials } from "../services/Trials.ts"
import { Vault } from "../services/Vault.ts"
import { Verification } from "../services/Verification.ts"
import * as HttpProviderHosts from "./HttpProviderHosts.ts"
import * as NodeProcess from "./NodeProcess.ts"
import * as UndiciCallbacks from "./UndiciCallbacks.ts"

const measures = Gauges.layer.pipe(
  Layer.provide(Layer.mergeAll(GaugeStore.layer, Health.layer, NodeProcess.layer))
)

/** What both roles' programs build upon. */
export const foundations = Layer.mergeAll(
  Audit.layer,
  AuditReader.layer,
  BulkReplayStore.layer,
  CallbackTestStore.layer,
  CancelStore.layer,
  ClaimStore.layer,
  DeadLetterReader.layer,
  DeliveryReader.layer,
  DeliveryStore.layer,
  DestinationStore.layer,
  DispatchStore.layer,
  EventReader.layer,
  EventStore.layer,
  Health.layer,
  HoldStore.layer,
  IntegrationStore.layer,
  RecordStore.layer,
  RejectionReader.layer,
  RejectionStore.layer,
  ReplayEventReader.layer,
  ReplayReader.layer,
  ReplayStore.layer,
  SecretStore.layer,
  SweepStore.layer,
  Vault.layer,
  WaitingStore.layer,
  measures
)

/** Replays of one and of many. */
const replays = Layer.provideMerge(BulkReplays.layer, Replays.layer)

/** What the API role's programs need beside settings, PostgreSQL, coordination and broker. */
export const api = Layer.mergeAll(Deliveries.layer, Integrations.layer, Rescue.layer).pipe(
  Layer.provideMerge(Layer.mergeAll(
    CallbackTests.layer,
    DeadMessages.layer,
    Destinations.layer,
    Handshakes.layer,
    Intake.layer,
    IntegrationSecrets.layer,
    replays,
    SigningSecrets.layer,
    Trials.layer
  )),
  Layer.provideMerge(Verification.layer),
  Layer.provideMerge(Layer.mergeAll(
    Certificates.layer,
    Directory.layer,
    Dispatch.layer,
    Inflow.layer,
    Rejections.layer,
    UndiciCallbacks.layer
  )),
  Layer.provideMerge(HttpProviderHosts.layer),
  Layer.provideMerge(foundations)
)

/** What the worker role's programs need beside that, on foundations yet to be given. */
export const carriers = Sweeper.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Cancellations.layer, Courier.layer, Releases.layer, replays)),
  Layer.provideMerge(Layer.mergeAll(Dispatch.layer, Leases.layer, UndiciCallbacks.layer)),
  Layer.provideMerge(Limits.layer),
  Layer.provideMerge(Layer.merge(Lanes.layer, Precedence.layer))
)

/** The same as `api` for the worker role. */
export const worker = Layer.provideMerge(carriers, foundations)
