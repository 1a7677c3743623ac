using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>
/// SAC's temperature: how much the entropy of a client's policy counts against its value. log alpha begins at 0 and descends, by Adam with rate 3e-4, along the gradient of
/// -log alpha (mean log pi + H), H = -3 the target entropy, one for each action (Haarnoja et al., arXiv 1812.05905, section 5, with log alpha for alpha as in their code).
/// </summary>
internal sealed class EntropyTemperature
{
    private const double TargetEntropy = -ClientAction.Width;
    private const double Rate = 3e-4;
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    private double _logAlpha;
    private double _first;
    private double _second;
    private int _steps;

    /// <summary>alpha.</summary>
    internal double Value => Math.Exp(_logAlpha);

    /// <summary>One step: up where the policy is less random than its target.</summary>
    /// <param name="meanLogDensity">Mean of log pi over the minibatch.</param>
    internal void Step(double meanLogDensity)
    {
        var gradient = -(meanLogDensity + TargetEntropy);
        _steps++;
        _first = (Beta1 * _first) + ((1 - Beta1) * gradient);
        _second = (Beta2 * _second) + ((1 - Beta2) * gradient * gradient);
        var (first, second) = (_first / (1 - Math.Pow(Beta1, _steps)), _second / (1 - Math.Pow(Beta2, _steps)));
        _logAlpha -= Rate * first / (Math.Sqrt(second) + Epsilon);
    }

    /// <summary>Writes its state.</summary>
    internal void Save(StateWriter writer)
    {
        writer.Write(_logAlpha);
        writer.Write(_first);
        writer.Write(_second);
        writer.Write(_steps);
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    internal void Load(StateReader reader) =>
        (_logAlpha, _first, _second, _steps) = (reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadInt32());
}
