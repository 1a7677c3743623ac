using Akka.Actor;
using Simulator.Protocol;

namespace Simulator.Compute;

/// <summary>A client's policy on a device.</summary>
/// <param name="Reservation">The reservation it belongs to.</param>
/// <param name="Slot">Its slot in the reservation's bank.</param>
public readonly record struct PolicySlot(int Reservation, int Slot);

/// <summary>
/// The messages of a batching actor. Actors and their batching actor are always on one node, so these never leave the process and carry arrays of any size; the
/// serializer knows none of them and refuses them. Requests are answered to their sender, or by <see cref="OperationFailed"/>.
/// </summary>
public static class DeviceProtocol
{
    /// <summary>Marks messages that never leave the process.</summary>
    public interface ILocalMessage : INoSerializationVerificationNeeded;

    /// <summary>Reserves slots for policies of one architecture, until the sender ends. Answered by <see cref="PoliciesReserved"/>.</summary>
    /// <param name="Architecture">Architecture of all of them.</param>
    /// <param name="Count">How many.</param>
    /// <param name="Rate">Learning rate.</param>
    /// <param name="MaxGradientNorm">Largest gradient norm, 0 for no limit.</param>
    /// <param name="Tau">Share by which each policy's target follows it after its steps; with 1 there are no targets.</param>
    /// <param name="Regularisation">What pulls parameters back.</param>
    /// <param name="Recycling">When dormant units begin anew; null for never.</param>
    public sealed record ReservePolicies(
        NetworkArchitecture Architecture, int Count, double Rate, double MaxGradientNorm, double Tau = 1, Regularisation Regularisation = default, Recycling? Recycling = null) : ILocalMessage;

    /// <summary>Slots of policies: <paramref name="First"/> and the following.</summary>
    /// <param name="Reservation">Names the reservation.</param>
    /// <param name="First">First slot.</param>
    public sealed record PoliciesReserved(int Reservation, int First) : ILocalMessage;

    /// <summary>Reserves a slot for the critic of a cell, until the sender ends. Answered by <see cref="CriticReserved"/>.</summary>
    /// <param name="Architecture">Its architecture.</param>
    /// <param name="Clients">Clients of the cell.</param>
    /// <param name="Observation">Width of an observation.</param>
    /// <param name="Rate">Learning rate.</param>
    /// <param name="MaxGradientNorm">Largest gradient norm, 0 for no limit.</param>
    /// <param name="Tau">Share by which the critic's target follows it after its steps; with 1 there is no target.</param>
    /// <param name="Regularisation">What pulls parameters back.</param>
    /// <param name="Recycling">When dormant units begin anew; null for never.</param>
    public sealed record ReserveCritic(
        NetworkArchitecture Architecture,
        int Clients,
        int Observation,
        double Rate,
        double MaxGradientNorm,
        double Tau = 1,
        Regularisation Regularisation = default,
        Recycling? Recycling = null) : ILocalMessage;

    /// <summary>A slot for a critic.</summary>
    /// <param name="Reservation">Names the reservation.</param>
    public sealed record CriticReserved(int Reservation) : ILocalMessage;

    /// <summary>
    /// From a cell, at an episode's boundary: asks to go into an episode, or the next one behind those who wait. Answered by <see cref="Entered"/>, when it is its turn. The sender holds
    /// a reservation, with whose end its place is free.
    /// </summary>
    public sealed record Enter : ILocalMessage
    {
        /// <summary>The one instance.</summary>
        public static Enter Instance { get; } = new();
    }

    /// <summary>The cell may begin its episode.</summary>
    public sealed record Entered : ILocalMessage
    {
        /// <summary>The one instance.</summary>
        public static Entered Instance { get; } = new();
    }

    /// <summary>From a cell: it has no further episode.</summary>
    public sealed record Leave : ILocalMessage
    {
        /// <summary>The one instance.</summary>
        public static Leave Instance { get; } = new();
    }

    /// <summary>Writes all parameters of a policy, and of its target.</summary>
    /// <param name="Slot">The policy.</param>
    /// <param name="Values">Parameters in the order of the layout, gaps included; then, where there are any, mean and variance of the input.</param>
    public sealed record WritePolicy(PolicySlot Slot, IPayload Values) : ILocalMessage;

    /// <summary>Writes all parameters of a critic, and of its target.</summary>
    /// <param name="Reservation">The critic.</param>
    /// <param name="Values">Parameters in the order of the layout, gaps included; then, where there are any, mean and variance of the input.</param>
    public sealed record WriteCritic(int Reservation, IPayload Values) : ILocalMessage;

    /// <summary>Gives the output layer of a policy, and of its target, new parameters; the optimiser forgets what it remembers of the old ones.</summary>
    /// <param name="Slot">The policy.</param>
    /// <param name="Turn">What a failure is told with.</param>
    /// <param name="Values">A whole network, in the order of the layout, gaps included, of which the last layer is taken.</param>
    public sealed record RenewOutputLayer(PolicySlot Slot, Turn Turn, IPayload Values) : ILocalMessage;

    /// <summary>Reads all parameters of a policy. Answered by <see cref="NetworkRead"/>.</summary>
    /// <param name="Slot">The policy.</param>
    /// <param name="Turn">Comes back with the answer.</param>
    public sealed record ReadPolicy(PolicySlot Slot, Turn Turn) : ILocalMessage;

    /// <summary>Reads all parameters of a critic. Answered by <see cref="NetworkRead"/>.</summary>
    /// <param name="Reservation">The critic.</param>
    /// <param name="Turn">Comes back with the answer.</param>
    public sealed record ReadCritic(int Reservation, Turn Turn) : ILocalMessage;

    /// <summary>A network's state.</summary>
    /// <param name="Turn">The request's.</param>
    /// <param name="Values">Parameters in the order of the layout, gaps included, then mean and variance of the input where the architecture normalises it.</param>
    public sealed record NetworkRead(Turn Turn, IPayload Values) : ILocalMessage;

    /// <summary>Reads all that a policy learns with. Answered by <see cref="TrainingRead"/>.</summary>
    /// <param name="Slot">The policy.</param>
    /// <param name="Turn">Comes back with the answer.</param>
    public sealed record ReadPolicyTraining(PolicySlot Slot, Turn Turn) : ILocalMessage;

    /// <summary>Reads all that a critic learns with. Answered by <see cref="TrainingRead"/>.</summary>
    /// <param name="Reservation">The critic.</param>
    /// <param name="Turn">Comes back with the answer.</param>
    public sealed record ReadCriticTraining(int Reservation, Turn Turn) : ILocalMessage;

    /// <summary>All that a network learns with.</summary>
    /// <param name="Turn">The request's.</param>
    /// <param name="State">Parameters, moments, steps.</param>
    public sealed record TrainingRead(Turn Turn, TrainingState State) : ILocalMessage;

    /// <summary>Writes all that a policy learns with.</summary>
    /// <param name="Slot">The policy.</param>
    /// <param name="Turn">What a failure is told with.</param>
    /// <param name="State">Parameters, moments, steps.</param>
    public sealed record WritePolicyTraining(PolicySlot Slot, Turn Turn, TrainingState State) : ILocalMessage;

    /// <summary>Writes all that a critic learns with.</summary>
    /// <param name="Reservation">The critic.</param>
    /// <param name="Turn">What a failure is told with.</param>
    /// <param name="State">Parameters, moments, steps.</param>
    public sealed record WriteCriticTraining(int Reservation, Turn Turn, TrainingState State) : ILocalMessage;

    /// <summary>
    /// Evaluates a policy; waits for the others of its round. Answered by <see cref="Inferred"/>. Policies of a round lie in neighbouring slots, in the order of their members; where
    /// the reservation has but one slot, it is the policy of all members, evaluated on their rows together.
    /// </summary>
    /// <param name="Slot">The policy.</param>
    /// <param name="Member">The asker's place in the round, from 0: requests are worked off in this order, whatever the order of their arrival.</param>
    /// <param name="Turn">The round.</param>
    /// <param name="Expected">Requests that make the round.</param>
    /// <param name="Rows">Observations.</param>
    /// <param name="Observations">[rows, inputs].</param>
    /// <param name="TargetRows">How many of the rows, the last ones, the policy's target is evaluated on.</param>
    public sealed record Infer(PolicySlot Slot, int Member, Turn Turn, int Expected, int Rows, IPayload Observations, int TargetRows = 0) : ILocalMessage;

    /// <summary>What a policy answers; what that means in actions is the client's matter.</summary>
    /// <param name="Turn">The round.</param>
    /// <param name="PreActivations">z, [rows, outputs].</param>
    public sealed record Inferred(Turn Turn, HostPayload PreActivations) : ILocalMessage;

    /// <summary>
    /// One learning step of a policy; waits for the others of its round. Answered by <see cref="Improved"/>. The policy of all members of a round makes one step, along the mean of
    /// their gradients.
    /// </summary>
    /// <param name="Slot">The policy.</param>
    /// <param name="Member">The asker's place in the round, from 0: requests are worked off in this order, whatever the order of their arrival.</param>
    /// <param name="Turn">The round.</param>
    /// <param name="Expected">Requests that make the round.</param>
    /// <param name="Rows">Observations.</param>
    /// <param name="Observations">[rows, inputs].</param>
    /// <param name="Gradients">dL/dz, [rows, outputs].</param>
    /// <param name="InferAfter">Whether to evaluate the policy on the observations after the step.</param>
    /// <param name="RateFactor">What the learning rate is multiplied by in this step; the same for all members that a policy serves.</param>
    public sealed record Improve(
        PolicySlot Slot, int Member, Turn Turn, int Expected, int Rows, IPayload Observations, IPayload Gradients, bool InferAfter, double RateFactor = 1)
        : ILocalMessage;

    /// <summary>What a learning step did.</summary>
    /// <param name="Turn">The round.</param>
    /// <param name="Outcome">Gradient norms and what the optimiser did.</param>
    /// <param name="PreActivationsAfter">z after the step, [rows, outputs]; empty where it was not asked for.</param>
    public sealed record Improved(Turn Turn, StepOutcome Outcome, HostPayload PreActivationsAfter) : ILocalMessage;

    /// <summary>Values candidates with a critic. Answered by <see cref="Evaluated"/>.</summary>
    /// <param name="Reservation">The critic.</param>
    /// <param name="Turn">Comes back with the answer.</param>
    /// <param name="Query">Whom to value.</param>
    public sealed record Evaluate(int Reservation, Turn Turn, CriticQuery Query) : ILocalMessage;

    /// <summary>Values of candidates.</summary>
    /// <param name="Turn">The request's.</param>
    /// <param name="Values">Q of each, in their order.</param>
    public sealed record Evaluated(Turn Turn, float[] Values) : ILocalMessage;

    /// <summary>One learning step of a critic. Answered by <see cref="CriticImproved"/>.</summary>
    /// <param name="Reservation">The critic.</param>
    /// <param name="Turn">Comes back with the answer.</param>
    /// <param name="Lesson">The minibatch.</param>
    public sealed record ImproveCritic(int Reservation, Turn Turn, CriticLesson Lesson) : ILocalMessage;

    /// <summary>What a critic step did.</summary>
    /// <param name="Turn">The request's.</param>
    /// <param name="Step">Loss, errors, gradient norms.</param>
    public sealed record CriticImproved(Turn Turn, CriticStep Step) : ILocalMessage;

    /// <summary>Asks a critic for the actors' loss and its gradient. Answered by <see cref="Differentiated"/>.</summary>
    /// <param name="Reservation">The critic.</param>
    /// <param name="Turn">Comes back with the answer.</param>
    /// <param name="Question">States and current actions.</param>
    public sealed record Differentiate(int Reservation, Turn Turn, ActorQuestion Question) : ILocalMessage;

    /// <summary>The actors' loss and its gradient.</summary>
    /// <param name="Turn">The request's.</param>
    /// <param name="Answer">Loss and dL/da.</param>
    public sealed record Differentiated(Turn Turn, ActorAnswer Answer) : ILocalMessage;

    /// <summary>An operation of the device failed; whoever asked must fail its cell.</summary>
    /// <param name="Turn">The request's.</param>
    /// <param name="Reason">What the device said.</param>
    public sealed record OperationFailed(Turn Turn, string Reason) : ILocalMessage;
}

/// <summary>Thrown by an actor whose request to the device failed; its cell is brought back as a whole.</summary>
public sealed class DeviceOperationException : Exception
{
    /// <summary>Makes the exception with what the device said.</summary>
    public DeviceOperationException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with what the device said and its cause.</summary>
    public DeviceOperationException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public DeviceOperationException()
    {
    }
}
