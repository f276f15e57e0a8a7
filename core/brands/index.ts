export type {
  AssessmentHash,
  Brand,
  ChainHash,
  ContentHash,
  DocumentHash,
  EpochMs,
  EvidenceHash,
  FieldHash,
  Given,
  IsoInstant,
  LeafHash,
  PlanHash,
  PreconditionHash,
  RiskTableHash,
  StepHash,
} from './brand.ts';
export { isoOf, later, msOf, ofSeconds } from './time.ts';
