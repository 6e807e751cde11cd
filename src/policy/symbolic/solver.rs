//! The solver: a process of its own, asked whether any request exists, and never for longer than
//! [`bounds::SOLVER_QUESTION`]. What it could not answer is an error, never a proof.

use std::process::Stdio;
use std::time::Duration;

use cedar_policy::{Policy, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::err::Error as SymccError;
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{
    CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env, WellFormedAsserts,
};
use tokio::process::Command;

use super::SymbolicError;
use crate::bounds;

/// The program; looked for on the PATH.
const PROGRAM: &str = "cvc5";
/// What the solver gets beyond its own limit before it is not waited for any more.
const GRACE: Duration = Duration::from_secs(2);

/// The solver on this machine.
#[derive(Debug, Clone)]
pub struct Solver {
    program: String,
    version: String,
    limits: Vec<String>,
    patience: Duration,
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum GaveUp {
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It came to its limit, or could not tell.
    #[error("the solver could not tell")]
    Unknown,
    /// It failed.
    #[error("the solver failed")]
    Failed(#[source] Box<SymccError>),
}

impl Solver {
    /// Looks for the solver on this machine.
    ///
    /// # Errors
    /// [`SymbolicError::NoSolver`] when it is not there, [`SymbolicError::Solver`] when it does not run.
    pub async fn find() -> Result<Self, SymbolicError> {
        Self::named(PROGRAM).await
    }

    pub(super) async fn named(program: &str) -> Result<Self, SymbolicError> {
        let mut asked = Command::new(program);
        asked
            .arg("--version")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let told = tokio::time::timeout(bounds::SOLVER_QUESTION, asked.output());
        let told = match told.await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(SymbolicError::NoSolver);
            }
            Ok(Err(source)) => return Err(SymbolicError::Solver { source }),
            Err(_) => {
                let source = std::io::ErrorKind::TimedOut.into();
                return Err(SymbolicError::Solver { source });
            }
        };
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        let mut words = text.split_whitespace();
        let number = words.find(|word| *word == "version").and(words.next());
        Ok(Self {
            program: program.to_owned(),
            version: format!("{PROGRAM} {}", number.unwrap_or("?")),
            limits: vec![format!(
                "--tlimit-per={}",
                bounds::SOLVER_QUESTION.as_millis()
            )],
            patience: bounds::SOLVER_QUESTION + GRACE,
        })
    }

    /// Its name and version, such as `cvc5 1.0.3`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The same with so few steps that it must give up.
    #[cfg(test)]
    pub(super) fn starved(mut self) -> Self {
        self.limits = vec!["--rlimit-per=1".to_owned()];
        self
    }

    /// Another program in its place, that is not waited for.
    #[cfg(test)]
    pub(super) fn impatient(mut self, program: &str) -> Self {
        program.clone_into(&mut self.program);
        self.patience = Duration::from_millis(200);
        self
    }

    /// Starts it, to be asked about rules of this schema.
    pub(super) fn session<'a>(&'a self, schema: &'a Schema) -> Result<Session<'a>, SymbolicError> {
        let environment = schema.request_envs().next();
        Ok(Session {
            solver: self,
            schema,
            environment: environment.ok_or_else(|| SymbolicError::Internal {
                what: "the flat schema has no action".to_owned(),
            })?,
            running: None,
        })
    }

    fn start(&self) -> Result<CedarSymCompiler<LocalSolver>, GaveUp> {
        let mut command = Command::new(&self.program);
        command
            .args(["--lang", "smt"])
            .args(&self.limits)
            .kill_on_drop(true);
        let failed = |error: SymccError| GaveUp::Failed(Box::new(error));
        let solver = LocalSolver::from_command(&mut command);
        let solver = solver.map_err(|error| failed(error.into()))?;
        CedarSymCompiler::new(solver).map_err(failed)
    }
}

/// A running solver, and what it is asked about.
pub(super) struct Session<'a> {
    solver: &'a Solver,
    schema: &'a Schema,
    environment: RequestEnv,
    running: Option<CedarSymCompiler<LocalSolver>>,
}

impl Session<'_> {
    /// Rules together, ready to be asked about.
    pub(super) fn set(&self, policies: Vec<Policy>) -> Result<CompiledPolicySet, SymbolicError> {
        let set = PolicySet::from_policies(policies).map_err(|error| SymbolicError::Internal {
            what: error.to_string(),
        })?;
        CompiledPolicySet::compile(&set, &self.environment, self.schema)
            .map_err(SymbolicError::not_compiled)
    }

    /// One rule, ready to be asked about.
    pub(super) fn rule(&self, policy: &Policy) -> Result<CompiledPolicy, SymbolicError> {
        CompiledPolicy::compile(policy, &self.environment, self.schema)
            .map_err(SymbolicError::not_compiled)
    }

    /// A request for which all of this is so; `None` is a proof that there is none.
    pub(super) async fn find(
        &mut self,
        asserts: &WellFormedAsserts<'_>,
    ) -> Result<Option<Env>, GaveUp> {
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.solver.start()?,
        };
        let patience = self.solver.patience;
        // A solver that was given up on is dropped, which ends its process: it may be in the middle of
        // an answer, and the next question would be answered with that.
        let found = tokio::time::timeout(patience, running.check_sat(asserts)).await;
        let found = found.map_err(|_| GaveUp::TimedOut(patience))?;
        let found = found.map_err(|error| match error {
            SymccError::SolverUnknown => GaveUp::Unknown,
            other => GaveUp::Failed(Box::new(other)),
        })?;
        self.running = Some(running);
        Ok(found)
    }
}
