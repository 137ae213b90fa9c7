//! What a policy asks of an authentic quote.

use orv_evidence::UnixTime;

use super::attributes::TdAttributes;
use super::authenticate::Authentic;
use super::claims::TdxClaims;
use super::policy::{AcceptedStatus, Digest, PerformanceCounters, TdxPolicy, XFAM_KNOWN};
use super::status::TcbStatus;
use crate::policy::latest;
use crate::{Check, CheckName, ExpectedBinding, Hardware, Policy, Register, Verified};

impl Authentic {
    /// Judges authentic claims by policy and binding. Every check is made, so that a refusal names all its causes.
    pub(crate) fn judge(
        self,
        now: UnixTime,
        policy: &Policy,
        expected: &ExpectedBinding,
        replayed: Option<&[Register; 4]>,
    ) -> Verified {
        let Self { claims, mut checks } = self;
        if let Hardware::Tdx(tdx) = &claims.hardware {
            checks.extend(attributes(tdx, &policy.tdx));
            checks.extend(policy.tdx.judge(tdx, now));
            checks.push(event_log(tdx, replayed));
        }
        checks.extend(policy.judge(&claims, now));
        if let Hardware::Tdx(tdx) = &claims.hardware {
            checks.extend(expected.report_data(&tdx.report.report_data));
        }
        let until = policy.until(&claims, now);
        Verified::new(claims, checks, until)
    }
}

/// What the host chose for the domain at its launch.
fn attributes(tdx: &TdxClaims, policy: &TdxPolicy) -> [Check; 5] {
    let attributes = TdAttributes::from_bytes(tdx.report.td_attributes);
    let shown = hex::encode(tdx.report.td_attributes);
    let check = |name, refused: bool, yes: &str, no: &str| {
        if refused {
            Check::fail(name, format!("{no} ({shown})"))
        } else {
            Check::pass(name, yes)
        }
    };
    let informational = match attributes.informational() {
        names if names.is_empty() => "no other attribute is set".to_owned(),
        names => format!("also set: {}", names.join(", ")),
    };
    let counted = attributes.has(TdAttributes::PERFMON);
    let counters = match policy.performance_counters {
        PerformanceCounters::Accepted if counted => {
            Check::pass(CheckName::PerformanceCounters, "in use, and the policy takes that")
        }
        _ => check(
            CheckName::PerformanceCounters,
            counted,
            "PERFMON is not set",
            "PERFMON is set: counters tell the host of what runs inside",
        ),
    };
    [
        check(
            CheckName::DebugMode,
            attributes.has(TdAttributes::UNDER_DEBUG),
            "no bit of the debug group is set",
            "the domain is under debug or profiled: the host reads its memory or its work",
        ),
        check(
            CheckName::Attributes,
            attributes.unknown() != 0,
            &informational,
            "bits without a known meaning are set",
        ),
        check(
            CheckName::SeptVeDisable,
            !attributes.has(TdAttributes::SEPT_VE_DISABLE),
            "SEPT_VE_DISABLE is set",
            "SEPT_VE_DISABLE is not set: the host may take pages away under the running domain",
        ),
        check(
            CheckName::Migratable,
            attributes.has(TdAttributes::MIGRATABLE),
            "MIGRATABLE is not set",
            "MIGRATABLE is set: another domain may take this one's state elsewhere",
        ),
        counters,
    ]
}

impl TdxPolicy {
    fn judge(&self, tdx: &TdxClaims, now: UnixTime) -> [Check; 8] {
        let report = &tdx.report;
        [
            self.status(tdx, now),
            self.evaluation(tdx.tcb.evaluation_data_number),
            self.service_domain(tdx),
            self.features(report.xfam),
            chosen(CheckName::MrConfigId, &report.mr_config_id, self.mr_config_id),
            chosen(CheckName::MrOwner, &report.mr_owner, self.mr_owner),
            chosen(CheckName::MrOwnerConfig, &report.mr_owner_config, self.mr_owner_config),
            self.platform(tdx),
        ]
    }

    /// Both the joint status and the quoting enclave's own must be taken: joining them forgets the latter's
    /// configuration.
    fn status(&self, tdx: &TdxClaims, now: UnixTime) -> Check {
        const NAME: CheckName = CheckName::TcbStatus;
        let tcb = &tdx.tcb;
        for status in [tcb.status, tdx.quoting_enclave.status] {
            if let Err(reason) = self.takes(status, &tcb.advisories, now) {
                return Check::fail(NAME, reason);
            }
        }
        Check::pass(NAME, described(tcb.status, &tcb.advisories))
    }

    fn takes(&self, status: TcbStatus, advisories: &[String], now: UnixTime) -> Result<(), String> {
        if status == TcbStatus::UpToDate {
            return Ok(());
        }
        let shown = described(status, advisories);
        let mut reasons = Vec::new();
        for accepted in &self.accepted {
            match accepted.takes(status, advisories, now) {
                Ok(()) => return Ok(()),
                Err(reason) => reasons.push(reason),
            }
        }
        reasons.retain(|reason| !reason.is_empty());
        match reasons.is_empty() {
            true => Err(format!("{shown}, which the policy does not take")),
            false => Err(format!("{shown}: {}", reasons.join("; "))),
        }
    }

    /// When the grace ends that the platform's state needs at `now`; none where it needs none.
    pub(crate) fn until(&self, tdx: &TdxClaims, now: UnixTime) -> Option<UnixTime> {
        let statuses = [tdx.tcb.status, tdx.quoting_enclave.status].into_iter();
        let outdated = statuses.filter(|status| *status != TcbStatus::UpToDate);
        let ends = outdated.filter_map(|status| {
            let takes = |accepted: &&AcceptedStatus| accepted.takes(status, &tdx.tcb.advisories, now).is_ok();
            latest(self.accepted.iter().filter(takes).map(AcceptedStatus::until))
        });
        ends.min()
    }

    fn evaluation(&self, found: u32) -> Check {
        const NAME: CheckName = CheckName::EvaluationDataNumber;
        match self.minimum_evaluation_data_number {
            None => Check::skipped(NAME, format!("{found}; the policy has no minimum")),
            Some(minimum) if found >= minimum => {
                Check::pass(NAME, format!("{found}, at least {minimum} are asked for"))
            }
            Some(minimum) => Check::fail(NAME, format!("{found}, at least {minimum} are asked for")),
        }
    }

    /// A service domain can read or move this one's state, so it is part of what must be trusted.
    fn service_domain(&self, tdx: &TdxClaims) -> Check {
        const NAME: CheckName = CheckName::ServiceDomain;
        let report = &tdx.report;
        let bound = [
            report.td15.as_ref().map(|td15| td15.mr_service_td),
            report
                .extended
                .as_ref()
                .map(|extended| extended.initial_service_td_hash),
            report
                .extended
                .as_ref()
                .map(|extended| extended.current_service_td_hash),
        ];
        let mut taken = None;
        for register in bound.into_iter().flatten().filter(|register| !register.is_zero()) {
            if !self.service_domains.contains(&Digest::from(register)) {
                return Check::fail(NAME, format!("{register} is bound, which the policy does not list"));
            }
            taken = Some(register);
        }
        let extension = TdAttributes::from_bytes(report.td_attributes).has(TdAttributes::SERVICE_TD_EXTENSION);
        match taken {
            Some(register) => Check::pass(NAME, format!("{register}, which the policy lists")),
            None if extension => Check::fail(NAME, "none is bound, but one may be at any time (SERVTD_EXT)"),
            None => Check::pass(NAME, "none is bound"),
        }
    }

    fn features(&self, xfam: [u8; 8]) -> Check {
        const NAME: CheckName = CheckName::Features;
        let allowed = self.features.map_or(XFAM_KNOWN, |mask| u64::from_le_bytes(mask.0));
        let beyond = u64::from_le_bytes(xfam) & !allowed;
        if beyond == 0 {
            Check::pass(
                NAME,
                format!("XFAM {} is within what may be granted", hex::encode(xfam)),
            )
        } else {
            Check::fail(NAME, format!("XFAM {} grants {beyond:#x} beyond", hex::encode(xfam)))
        }
    }

    fn platform(&self, tdx: &TdxClaims) -> Check {
        const NAME: CheckName = CheckName::PlatformInstance;
        let shown = hex::encode(tdx.platform.ppid);
        match &self.platforms {
            None => Check::skipped(NAME, format!("PPID {shown}; the policy lists no platforms")),
            Some(known) if known.iter().any(|known| known.0 == tdx.platform.ppid) => {
                Check::pass(NAME, format!("PPID {shown} is on the policy's list"))
            }
            Some(_) => Check::fail(NAME, format!("PPID {shown} is not on the policy's list")),
        }
    }
}

impl From<Register> for Digest {
    fn from(register: Register) -> Self {
        Self(register.0)
    }
}

/// A value of the host's choice: without an expected one it is told and not judged.
fn chosen(name: CheckName, found: &Register, expected: Option<Digest>) -> Check {
    match expected {
        None => Check::skipped(name, format!("{found}; the policy expects no value")),
        Some(expected) if expected.0 == found.0 => Check::pass(name, "the expected value"),
        Some(expected) => Check::fail(name, format!("{found}, expected {}", hex::encode(expected.0))),
    }
}

/// An event log explains the runtime registers only when its replay gives them.
fn event_log(tdx: &TdxClaims, replayed: Option<&[Register; 4]>) -> Check {
    const NAME: CheckName = CheckName::EventLog;
    let Some(replayed) = replayed else {
        return Check::skipped(NAME, "no event log was given");
    };
    let report = &tdx.report;
    let found = [&report.rtmr0, &report.rtmr1, &report.rtmr2, &report.rtmr3];
    let differing: Vec<String> = (0..)
        .zip(replayed.iter().zip(found))
        .filter(|(_, (replayed, found))| replayed != found)
        .map(|(index, _): (usize, _)| format!("RTMR{index}"))
        .collect();
    if differing.is_empty() {
        Check::pass(NAME, "replayed, it gives RTMR0 to RTMR3")
    } else {
        Check::fail(NAME, format!("replayed, it does not give {}", differing.join(", ")))
    }
}

fn described(status: TcbStatus, advisories: &[String]) -> String {
    if advisories.is_empty() {
        status.to_string()
    } else {
        format!("{status} ({})", advisories.join(", "))
    }
}
