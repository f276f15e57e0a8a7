/**
 * DynamoStore with its sequencer run after every commit, so that entries have their log index as they have in a store that
 * gives it at once. The indices asked about in the contracts are the sequencer's; everything else is the store's.
 */
import { DynamoStore, type DynamoStoreOptions } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { createSequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import type { CommitGroup, CommitOutcome } from '../../core/ledger/index.ts';
import type { OpenStore } from './stores.ts';

export class SequencedDynamo extends DynamoStore {
  private readonly sequencer = createSequencer({ store: this });

  override async commit(groups: readonly CommitGroup[]): Promise<readonly CommitOutcome[]> {
    const outcomes = await super.commit(groups);
    const entries = groups.filter((_, i) => outcomes[i]?.kind === 'committed').flatMap((group) => group.entries);
    const { sequenced } = await this.sequencer.sequence(entries);
    const positions = new Map(sequenced.map(({ chain, seq, position }) => [`${chain}#${seq}`, position]));
    const positionOf = async ({ chain, seq }: { chain: string; seq: number }): Promise<number | undefined> =>
      positions.get(`${chain}#${seq}`) ?? (await this.read(chain, seq, 1))[0]?.position;
    return Promise.all(
      outcomes.map(async (outcome, i) => {
        if (outcome.kind === 'committed')
          return { ...outcome, positions: await Promise.all((groups[i]?.entries ?? []).map(positionOf)) };
        if (outcome.kind !== 'conflict' || outcome.winner === undefined) return outcome;
        await this.sequencer.sequence([outcome.winner]); // whoever wrote it may not have got so far
        return { ...outcome, winner: { ...outcome.winner, position: await positionOf(outcome.winner) } };
      }),
    );
  }
}

export function openDynamo(options: DynamoStoreOptions): OpenStore {
  return {
    store: new SequencedDynamo(options),
    reopen: () => new SequencedDynamo(options),
    close: () => undefined,
  };
}
