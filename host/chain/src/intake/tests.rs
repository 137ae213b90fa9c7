use std::sync::{Arc, Mutex};

use super::*;

/// A chain that a test can extend and take back. Block n of branch b holds proposal n exactly when listed.
#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Vec<(u8, bool)>>>);

impl Scripted {
    fn extend(&self, branch: u8, proposals: &[bool]) {
        self.0
            .lock()
            .unwrap()
            .extend(proposals.iter().map(|proposal| (branch, *proposal)));
    }

    fn take_back(&self, blocks: usize) {
        let mut chain = self.0.lock().unwrap();
        let left = chain.len() - blocks;
        chain.truncate(left);
    }

    fn header(&self, number: u64) -> Option<BlockHeader> {
        let chain = self.0.lock().unwrap();
        let (branch, _) = *chain.get(usize::try_from(number).unwrap())?;
        Some(BlockHeader {
            reference: BlockReference {
                number,
                hash: hash(branch, number),
            },
            parent: B256::ZERO,
            timestamp: number,
            base_fee: None,
        })
    }
}

fn hash(branch: u8, number: u64) -> B256 {
    let mut hash = B256::with_last_byte(branch);
    hash[..8].copy_from_slice(&number.to_be_bytes());
    hash
}

impl LogSource for Scripted {
    async fn head(&self) -> Result<BlockHeader, ChainError> {
        let length = self.0.lock().unwrap().len() as u64;
        Ok(self.header(length - 1).unwrap())
    }

    async fn block(&self, number: u64) -> Result<Option<BlockHeader>, ChainError> {
        Ok(self.header(number))
    }

    async fn submissions(&self, from: u64, to: u64) -> Result<Vec<ProposalSubmitted>, ChainError> {
        let chain = self.0.lock().unwrap();
        let numbered = (0_u64..).zip(chain.iter());
        let within = numbered.filter(|(number, (_, proposal))| (from..=to).contains(number) && *proposal);
        Ok(within.map(|(number, (branch, _))| event(*branch, number)).collect())
    }
}

fn event(branch: u8, number: u64) -> ProposalSubmitted {
    ProposalSubmitted {
        position: EventPosition {
            block_number: number,
            block_hash: hash(branch, number),
            transaction: B256::ZERO,
            log_index: 0,
        },
        id: ProposalId::from(number),
        project_id: ProjectId::from(0),
        miner: Address::ZERO,
        code_hash: B256::ZERO,
        claimed_score: I256::ZERO,
        stake: U256::ZERO,
    }
}

fn numbers(events: &[ProposalSubmitted]) -> Vec<u64> {
    events.iter().map(|event| event.position.block_number).collect()
}

#[tokio::test]
async fn every_proposal_is_seen_once_in_order() {
    let chain = Scripted::default();
    chain.extend(0, &[false, true, true]);
    let mut stream = ProposalStream::new(chain.clone(), Cursor::before(0));
    let batch = stream.look().await.unwrap();
    assert_eq!((numbers(&batch.added), batch.reached_head), (vec![1, 2], true));
    assert_eq!(stream.look().await.unwrap().added, []);
    chain.extend(0, &[true]);
    assert_eq!(numbers(&stream.look().await.unwrap().added), [3]);
}

#[tokio::test]
async fn a_long_history_comes_in_ranges() {
    let chain = Scripted::default();
    chain.extend(0, &[true; 2500]);
    let mut stream = ProposalStream::new(chain, Cursor::before(0));
    let mut seen = Vec::new();
    loop {
        let batch = stream.look().await.unwrap();
        seen.extend(numbers(&batch.added));
        if batch.reached_head {
            break;
        }
    }
    assert_eq!(seen, (0..2500).collect::<Vec<_>>());
}

#[tokio::test]
async fn replaced_blocks_are_withdrawn_and_read_again() {
    let chain = Scripted::default();
    chain.extend(0, &[false, true]);
    let mut stream = ProposalStream::new(chain.clone(), Cursor::before(0));
    stream.look().await.unwrap();
    chain.extend(0, &[true, true]);
    stream.look().await.unwrap();
    chain.take_back(2);
    chain.extend(1, &[true, false, true]);
    let batch = stream.look().await.unwrap();
    assert_eq!(numbers(&batch.withdrawn), [3, 2]);
    assert_eq!(batch.added, [event(1, 2), event(1, 4)]);
}

#[tokio::test]
async fn a_chain_that_became_shorter_withdraws_too() {
    let chain = Scripted::default();
    chain.extend(0, &[false, true]);
    let mut stream = ProposalStream::new(chain.clone(), Cursor::before(0));
    stream.look().await.unwrap();
    chain.extend(0, &[true]);
    stream.look().await.unwrap();
    chain.take_back(1);
    let batch = stream.look().await.unwrap();
    assert_eq!((numbers(&batch.withdrawn), batch.added), (vec![2], vec![]));
    assert_eq!(stream.cursor().newest().unwrap().number, 1);
}

#[tokio::test]
async fn a_reorganisation_deeper_than_the_trail_starts_over() {
    let chain = Scripted::default();
    chain.extend(0, &[true, true]);
    let mut stream = ProposalStream::new(chain.clone(), Cursor::before(0));
    stream.look().await.unwrap();
    chain.take_back(2);
    chain.extend(1, &[true, false]);
    let batch = stream.look().await.unwrap();
    assert_eq!(
        (numbers(&batch.withdrawn), batch.added),
        (vec![1, 0], vec![event(1, 0)])
    );
}

#[tokio::test]
async fn a_saved_cursor_continues_where_it_stood() {
    let chain = Scripted::default();
    chain.extend(0, &[true, true]);
    let mut stream = ProposalStream::new(chain.clone(), Cursor::before(0));
    stream.look().await.unwrap();
    let saved = serde_json::to_string(stream.cursor()).unwrap();
    chain.extend(0, &[true]);
    let mut resumed = ProposalStream::new(chain, serde_json::from_str(&saved).unwrap());
    assert_eq!(numbers(&resumed.look().await.unwrap().added), [2]);
}
