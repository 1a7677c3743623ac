using System.Collections.Concurrent;

namespace Simulator.Compute;

/// <summary>
/// The shape of a policy or critic network: two hidden layers between an input and an output layer, with the normalisations that the
/// research's variants add (ccm-madrl, section 7). Networks of equal architecture share a <see cref="Bank"/>.
/// </summary>
/// <param name="Inputs">Width of the input.</param>
/// <param name="Hidden1">Width of the first hidden layer.</param>
/// <param name="Hidden2">Width of the second hidden layer.</param>
/// <param name="Outputs">Width of the output.</param>
public sealed record NetworkArchitecture(int Inputs, int Hidden1, int Hidden2, int Outputs)
{
    /// <summary>What each hidden layer's sum goes through.</summary>
    public HiddenActivation Activation { get; init; } = HiddenActivation.Relu;

    /// <summary>Where in each hidden layer a LayerNorm stands, if anywhere.</summary>
    public HiddenNorm HiddenNorm { get; init; }

    /// <summary>Whether the LayerNorms of hidden layers have gain and bias.</summary>
    public bool NormGains { get; init; } = true;

    /// <summary>Whether a LayerNorm with gain and bias stands between the last layer and the output function.</summary>
    public bool OutputNorm { get; init; }

    /// <summary>Whether the input is normalised by running statistics, (x - mean) / (sqrt(var) + 1e-5).</summary>
    public bool InputNorm { get; init; }

    /// <summary>Hidden units of both layers.</summary>
    internal int Units => Hidden1 + Hidden2;

    /// <summary>Floats of a network's whole state: its parameters, then mean and variance of the input where it is normalised.</summary>
    public int StateLength => Layout.Length + (InputNorm ? 2 * Inputs : 0);

    /// <summary>Where each parameter tensor lies in a slot.</summary>
    public ParameterLayout Layout => Layouts.GetOrAdd(this, static architecture => new ParameterLayout(architecture));

    private static readonly ConcurrentDictionary<NetworkArchitecture, ParameterLayout> Layouts = new();

    /// <summary>The actor of a variant: observation [inputs] to pre-activations [outputs].</summary>
    public static NetworkArchitecture Actor(PolicyVariant variant, int inputs, int outputs)
    {
        var (hidden1, hidden2) = variant switch
        {
            PolicyVariant.Large or PolicyVariant.Linear => (512, 128),
            PolicyVariant.Larger => (1024, 256),
            _ => (64, 32),
        };
        return new NetworkArchitecture(inputs, hidden1, hidden2, outputs)
        {
            Activation = ActivationOf(variant),
            HiddenNorm = NormOf(variant),
            InputNorm = variant == PolicyVariant.Fullnorm,
            OutputNorm = variant == PolicyVariant.Layernorm,
        };
    }

    /// <summary>The critic of a variant: joint and candidate input [inputs] to one value.</summary>
    public static NetworkArchitecture Critic(PolicyVariant variant, int inputs) => new(inputs, 512, 128, 1)
    {
        Activation = ActivationOf(variant),
        HiddenNorm = NormOf(variant),
        InputNorm = variant == PolicyVariant.Fullnorm,
    };

    /// <summary>The same with Linear, LayerNorm, activation in each hidden layer, or as it is.</summary>
    /// <exception cref="InvalidOperationException">A LayerNorm stands behind each hidden activation already.</exception>
    public NetworkArchitecture WithHiddenNorm(BodyNorm norm = BodyNorm.Affine) => norm == BodyNorm.None ? this : HiddenNorm != HiddenNorm.AfterActivation
        ? this with { HiddenNorm = HiddenNorm.BeforeActivation, NormGains = norm == BodyNorm.Affine }
        : throw new InvalidOperationException("a hidden layer has one LayerNorm: before its activation or behind it");

    /// <summary>Whether a ReLU comes right behind the sum of a hidden layer, so that the product can make it.</summary>
    internal bool ReluFollowsSum => Activation == HiddenActivation.Relu && HiddenNorm != HiddenNorm.BeforeActivation;

    /// <summary>Whether hidden layers have LayerNorms with gain and bias.</summary>
    internal bool HasHiddenGains => HiddenNorm != HiddenNorm.None && NormGains;

    private static HiddenActivation ActivationOf(PolicyVariant variant) => variant == PolicyVariant.Linear ? HiddenActivation.None : HiddenActivation.Relu;

    private static HiddenNorm NormOf(PolicyVariant variant) => variant == PolicyVariant.Fullnorm ? HiddenNorm.AfterActivation : HiddenNorm.None;
}

/// <summary>What a parameter tensor is, which decides how it starts.</summary>
public enum ParameterKind
{
    /// <summary>Weights or biases of a linear layer.</summary>
    Linear,

    /// <summary>Gain of a LayerNorm, started at 1.</summary>
    Gain,

    /// <summary>Bias of a LayerNorm, started at 0.</summary>
    Shift,
}

/// <summary>One parameter tensor of a network.</summary>
/// <param name="Name">PyTorch's name, <c>fc1.weight</c> for instance.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Rows">Rows of a matrix (outputs), or the length of a vector.</param>
/// <param name="Columns">Columns of a matrix (inputs), or 0 for a vector.</param>
/// <param name="FanIn">Inputs of the layer it belongs to.</param>
/// <param name="Offset">Its first element in the slot, in floats.</param>
public sealed record ParameterTensor(string Name, ParameterKind Kind, int Rows, int Columns, int FanIn, int Offset)
{
    /// <summary>Number of elements.</summary>
    public int Length => Rows * Math.Max(Columns, 1);

    /// <summary>Whether it belongs to the last linear layer.</summary>
    public bool IsLastLayer => Name.StartsWith("fc3.", StringComparison.Ordinal);

    /// <summary>Its layer: <c>fc1</c> of <c>fc1.weight</c>.</summary>
    public string Layer => Name[..Name.IndexOf('.', StringComparison.Ordinal)];
}

/// <summary>
/// Where the parameter tensors of a network lie in its slot of a bank. Each starts at a multiple of <see cref="Alignment"/> floats, so that the matrix
/// library meets every network at the same alignment; the gaps hold zeros for ever.
/// </summary>
public sealed class ParameterLayout
{
    /// <summary>Alignment of tensors and slots, in floats (64 bytes).</summary>
    public const int Alignment = 16;

    private readonly List<ParameterTensor> _tensors = [];

    internal ParameterLayout(NetworkArchitecture architecture)
    {
        Linear("fc1", architecture.Inputs, architecture.Hidden1);
        Norm("ln1", architecture.Hidden1, architecture.HasHiddenGains);
        Linear("fc2", architecture.Hidden1, architecture.Hidden2);
        Norm("ln2", architecture.Hidden2, architecture.HasHiddenGains);
        Linear("fc3", architecture.Hidden2, architecture.Outputs);
        Norm("layer_norm", architecture.Outputs, architecture.OutputNorm);
        var layers = _tensors.Select(t => t.Layer).Distinct(StringComparer.Ordinal).ToArray();
        Layers = layers;
        LayerOfTensor = [.. _tensors.Select(t => Array.IndexOf(layers, t.Layer))];
    }

    /// <summary>All tensors, in PyTorch's order.</summary>
    public IReadOnlyList<ParameterTensor> Tensors => _tensors;

    /// <summary>Names of the layers, in order: <c>fc1</c>, <c>fc2</c>, <c>fc3</c>, and the normalisations between them.</summary>
    public IReadOnlyList<string> Layers { get; }

    /// <summary>Index in <see cref="Layers"/> of each tensor's layer.</summary>
    internal IReadOnlyList<int> LayerOfTensor { get; }

    /// <summary>Floats of a slot, gaps included.</summary>
    public int Length { get; private set; }

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public ParameterTensor this[string name] =>
        _tensors.Find(t => t.Name == name) ?? throw new KeyNotFoundException($"no parameter is called '{name}'");

    private void Linear(string layer, int inputs, int outputs)
    {
        Add($"{layer}.weight", ParameterKind.Linear, outputs, inputs, inputs);
        Add($"{layer}.bias", ParameterKind.Linear, outputs, 0, inputs);
    }

    private void Norm(string layer, int width, bool present)
    {
        if (present)
        {
            Add($"{layer}.weight", ParameterKind.Gain, width, 0, width);
            Add($"{layer}.bias", ParameterKind.Shift, width, 0, width);
        }
    }

    private void Add(string name, ParameterKind kind, int rows, int columns, int fanIn)
    {
        var tensor = new ParameterTensor(name, kind, rows, columns, fanIn, Length);
        _tensors.Add(tensor);
        Length += (tensor.Length + Alignment - 1) / Alignment * Alignment;
    }
}
