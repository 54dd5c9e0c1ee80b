// Reads a server's answers with the generated Kotlin models, as an app would, and writes them again:
// nothing may be lost. Usage: DecodeKt FOLDER, of answers.py.
import java.io.File
import java.net.URI
import java.time.OffsetDateTime
import java.util.UUID
import kotlin.system.exitProcess
import kotlinx.serialization.*
import kotlinx.serialization.descriptors.*
import kotlinx.serialization.encoding.*
import kotlinx.serialization.json.*
import kotlinx.serialization.modules.*
import org.openapitools.client.models.*

class AsText<T>(name: String, private val read: (String) -> T) : KSerializer<T> {
    override val descriptor = PrimitiveSerialDescriptor(name, PrimitiveKind.STRING)
    override fun serialize(encoder: Encoder, value: T) = encoder.encodeString(value.toString())
    override fun deserialize(decoder: Decoder): T = read(decoder.decodeString())
}

val json = Json {
    ignoreUnknownKeys = true
    explicitNulls = false
    encodeDefaults = true
    serializersModule = SerializersModule {
        contextual(UUID::class, AsText("UUID", UUID::fromString))
        contextual(URI::class, AsText("URI", URI::create))
        contextual(OffsetDateTime::class, AsText("OffsetDateTime", OffsetDateTime::parse))
    }
}

/** Without the blocks that these models do not know and would throw at: the rest is shown. */
fun withKnownBlocks(answer: JsonObject): JsonObject {
    val blocks = answer["blocks"] as? JsonArray ?: return answer
    val known = blocks.filter { runCatching { json.decodeFromJsonElement<PageBlock>(it) }.isSuccess }
    return JsonObject(answer + ("blocks" to JsonArray(known)))
}

inline fun <reified T> again(answer: JsonElement): JsonElement =
    json.encodeToJsonElement(json.decodeFromJsonElement<T>(answer))

/** Without what is null, and with instants as one and the same text however they are written. */
fun plain(value: JsonElement): Any? = when (value) {
    is JsonNull -> null
    is JsonObject -> value.mapValues { plain(it.value) }.filterValues { it != null }
    is JsonArray -> value.map { plain(it) }
    is JsonPrimitive -> runCatching { OffsetDateTime.parse(value.content).toInstant() }
        .getOrElse { value.content }
}

fun main(arguments: Array<String>) {
    var read = 0
    for (file in File(arguments[0]).listFiles()!!.sorted()) {
        val (type, number) = file.name.split(".")
        val answer = json.parseToJsonElement(file.readText()).jsonObject
        if (number == "grown") {
            val page = json.decodeFromJsonElement<PageDocument>(withKnownBlocks(answer))
            val article = (page as PageDocument.ArticleWrapper).value
            check(article.blocks!!.size * 2 == answer["blocks"]!!.jsonArray.size) { "blocks are lost" }
            check(article.genre == Genre.unknown_default_open_api) { "${article.genre}" }
            continue
        }
        val written = when (type) {
            "PageDocument" -> again<PageDocument>(answer)
            "ArticleDocument" -> again<ArticleDocument>(answer)
            "ArticleCardPage" -> again<ArticleCardPage>(answer)
            "SparseArticle" -> again<SparseArticle>(answer)
            "SparseArticleCardPage" -> again<SparseArticleCardPage>(answer)
            "Thread" -> again<org.openapitools.client.models.Thread>(answer)
            "SectionTree" -> again<SectionTree>(answer)
            "PublicAdSlots" -> again<PublicAdSlots>(answer)
            "Problem" -> again<Problem>(answer)
            else -> error("no model is tried on $type")
        }
        if (plain(written) != plain(answer)) {
            println("${file.name} is read as\n$written\nand was\n$answer")
            exitProcess(1)
        }
        read += 1
    }
    check(read > 20) { "only $read answers" }
    println("kotlin: $read answers read and written")
}
