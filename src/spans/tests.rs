use futures_util::FutureExt as _;

use super::*;
use crate::clock::{FixedClock, SystemRandomness};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";

fn tracer(per_million: u32) -> (Tracer, mpsc::Receiver<Vec<Span>>) {
    let (outlet, taken) = Outlet::new();
    let clock = FixedClock::at(Moment::from_unix_ms(1_000).unwrap());
    let random = Arc::new(SystemRandomness::default());
    (Tracer::new(per_million, clock, random, outlet), taken)
}

fn transaction(last: [u8; 7]) -> TransactionId {
    let mut bytes = [0x11; 16];
    bytes[9..].copy_from_slice(&last);
    TransactionId::from_bytes(bytes)
}

fn parent(text: &str) -> TraceParent {
    TraceParent::parse(text).unwrap()
}

#[test]
fn the_caller_decides_else_the_share_does() {
    let (low, high) = (transaction([0; 7]), transaction([0xff; 7]));
    let half = transaction([0x80, 0, 0, 0, 0, 0, 0]);
    let (yes, no) = (
        Some(parent(&format!("00-{TRACE_ID}-{SPAN_ID}-01"))),
        Some(parent(&format!("00-{TRACE_ID}-{SPAN_ID}-00"))),
    );
    // An address, as somebody's span.
    let number = Some(parent(&format!("00-{TRACE_ID}-0003010000012345-01")));
    for (per_million, transaction, sent, traced) in [
        (0, low, None, false),
        (0, low, yes, true),
        (0, low, number, false),
        (1_000_000, high, None, true),
        (1_000_000, low, no, false),
        (1_000_000, low, number, true),
        (500_000, low, None, true),
        (499_999, half, None, false),
        (500_001, half, None, true),
        (500_000, high, None, false),
    ] {
        let (tracer, _taken) = tracer(per_million);
        let begun = tracer.begin(transaction, || sent);
        assert_eq!(begun.is_some(), traced, "{per_million} {sent:?}");
        let off = Tracer::off().begin(transaction, || panic!("it was looked at"));
        assert!(off.is_none());
    }
}

#[tokio::test]
async fn a_call_is_told_of_with_its_parts() {
    let (tracer, mut taken) = tracer(0);
    let sent = parent(&format!("00-{TRACE_ID}-{SPAN_ID}-01"));
    let call = tracer.begin(transaction([0; 7]), || Some(sent)).unwrap();
    let gone = call.around(async {
        let outer = enter("outer");
        tokio::task::yield_now().await;
        drop(enter_as("inner", Role::Client));
        outer.tell(|| vec![("count", 3.into())]);
        drop(outer);
        let last = enter("last");
        last.fail();
        let told = outgoing().unwrap().to_string();
        tell_call(|| CallTold {
            name: "GET /x".to_owned(),
            failed: false,
            told: vec![("status", 200.into())],
        });
        told
    });
    let gone = gone.await;
    let spans = taken.try_recv().unwrap();
    let [call, outer, inner, last] = &spans[..] else {
        panic!("{spans:?}");
    };
    let trace = u128::from_str_radix(TRACE_ID, 16).unwrap();
    assert!(spans.iter().all(|span| span.trace == trace));
    let caller = u64::from_str_radix(SPAN_ID, 16).unwrap();
    assert_eq!((call.parent, outer.parent), (Some(caller), Some(call.id)));
    assert_eq!((inner.parent, last.parent), (Some(outer.id), Some(call.id)));
    assert_eq!(gone, format!("00-{TRACE_ID}-{:016x}-01", last.id));
    let names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["GET /x", "outer", "inner", "last"]);
    assert_eq!((call.role, inner.role), (Role::Server, Role::Client));
    assert_eq!((call.failed, last.failed), (false, true));
    assert_eq!(call.told, [("status", Value::from(200))]);
    assert_eq!(outer.told, [("count", Value::from(3))]);
    assert_eq!(call.from_nanos, 1_000_000_000);
    for span in &spans {
        assert!(call.from_nanos <= span.from_nanos, "{span:?}");
        assert!(span.from_nanos <= span.to_nanos, "{span:?}");
        assert!(span.to_nanos <= call.to_nanos, "{span:?}");
    }
}

#[tokio::test]
async fn what_is_not_traced_is_told_nowhere() {
    let part = enter("part");
    part.tell(|| panic!("it was asked"));
    part.fail();
    tell_call(|| panic!("it was asked"));
    assert_eq!((place(), outgoing()), (None, None));
}

#[tokio::test]
async fn who_goes_away_is_told_of_and_a_full_queue_drops() {
    let (tracer, mut taken) = tracer(1_000_000);
    let begin = || tracer.begin(transaction([0; 7]), || None).unwrap();
    let mut gone = Box::pin(begin().around(async {
        let _part = enter("part");
        std::future::pending::<()>().await;
    }));
    assert!((&mut gone).now_or_never().is_none());
    drop(gone);
    let spans = taken.try_recv().unwrap();
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[0].parent, None);
    assert_eq!(
        spans[0].trace,
        u128::from_be_bytes(*transaction([0; 7]).as_bytes())
    );

    let outlet = &tracer.0.as_ref().unwrap().outlet;
    let dropped = || outlet.dropped().load(Ordering::Relaxed);
    for _ in 0..TELEMETRY_QUEUE {
        drop(begin());
    }
    assert_eq!(dropped(), 0);
    begin().around(async { drop(enter("part")) }).await;
    assert_eq!(dropped(), 2, "both spans");
}

#[tokio::test]
async fn a_call_has_so_many_parts_and_no_more() {
    let (tracer, mut taken) = tracer(1_000_000);
    let call = tracer.begin(transaction([0; 7]), || None).unwrap();
    call.around(async {
        for _ in 0..SPANS_PER_CALL {
            drop(enter("part"));
        }
    })
    .await;
    assert_eq!(taken.try_recv().unwrap().len(), SPANS_PER_CALL);
    let outlet = &tracer.0.as_ref().unwrap().outlet;
    assert_eq!(outlet.dropped().load(Ordering::Relaxed), 1);
}
